import Engine
import JSONValue
import JobProtocol
import Posix
import Sites
import Testing
import Workflow

@testable import Runner
@testable import Runs

/// Settings go from `run` to its engine as JSON.
@Suite struct RunSettingsTests {
  private func settings() throws -> RunSettings {
    RunSettings(run: try #require(RunID("run1")), workflowPath: "/w/workflow.json")
  }

  private func roundTrip(_ settings: RunSettings) throws -> RunSettings? {
    RunSettings(try JSON(parsing: settings.json.text))
  }

  @Test func `default settings can be read back`() throws {
    #expect(try roundTrip(settings()) == settings())
  }

  @Test func `all settings can be read back`() throws {
    var settings = try settings()
    settings.variables = ["a": "x=\"1\"", "": "\u{1}ü"]
    settings.redisURL = "redis://:p%40ss@host:1/2"
    settings.invoker = .oneshot
    settings.executorCommand = ["node", "a b", ""]
    settings.slots = 17
    settings.failFast = true
    settings.checkFiles = true
    settings.unchanged = [FiringID(ProcessID(number: 3), 2): "m:-;00000001"]
    settings.changes = ["1 of 2 processes runs"]
    settings.sendInputs = true
    settings.watcher = "host-1-2"
    settings.sites = [try SiteTable().site("ssh:h1,h2*8"), try SiteTable().site("slurm:1:4")]
    settings.routes = [try Route("a*=slurm")]
    settings.redisListen = "10.0.0.1"
    #expect(try roundTrip(settings) == settings)
  }

  @Test func `a resumed run keeps its command for the end`() throws {
    var begun = try settings()
    var request = try settings()
    request.onFinish = "asked"
    #expect(request.completed(by: begun.json)?.onFinish == "asked")
    begun.onFinish = "kept"
    #expect(request.completed(by: begun.json)?.onFinish == "kept")
  }

  @Test func `a moved run is resumed with its new paths`() throws {
    var begun = try settings()
    begun.persistenceLog = "/w/wf.log"
    begun.provenanceOutput = "/elsewhere/provenance"
    begun.signingKeyFile = "/w/keys/key"
    let request = RunSettings(run: begun.run, workflowPath: "/new place/workflow.json")
    let settings = try #require(request.completed(by: begun.json))
    #expect(settings.workflowPath == "/new place/workflow.json")
    #expect(settings.persistenceLog == "/new place/wf.log")
    #expect(settings.provenanceOutput == "/elsewhere/provenance")
    #expect(settings.signingKeyFile == "/new place/keys/key")
  }

  @Test(arguments: [
    "{}", #"{"run": "run1"}"#, #"{"workflow": "/w"}"#, #"{"run": "-x", "workflow": "/w"}"#, "[]",
  ])
  func `invalid settings are refused`(text: String) throws {
    #expect(RunSettings(try JSON(parsing: text)) == nil)
  }

  @Test func `an unknown invoker becomes the pool`() throws {
    let json: JSON = ["run": "run1", "workflow": "/w", "invoker": "cloud"]
    #expect(RunSettings(json)?.invoker == .pool)
  }

  @Test func `a signing key for workers at sites must be text`() throws {
    let place = try Files.makeTemporaryDirectory(prefix: "hflow-settings-test-")
    defer { Files.removeTree(place) }
    var settings = try settings()
    let directory = try RunDirectory.create(for: settings.run, workflowDirectory: place)
    let file = Files.join(place, "key")
    settings.signingKeyFile = file
    try Files.write([UInt8](repeating: 0xFF, count: 32), to: file, mode: 0o600)
    #expect(try settings.withOwnKey(in: directory) == settings, "without sites any key will do")
    settings.sites = [SiteSettings(name: "lab", infrastructure: .ssh)]
    let error = #expect(throws: RunnerError.self) { try settings.withOwnKey(in: directory) }
    #expect(error.map { "\($0)".contains("must be text") } == true)
    try Files.write(Array("a secret of enough letters\n".utf8), to: file, mode: 0o600)
    #expect(try settings.withOwnKey(in: directory) == settings)
  }
}
