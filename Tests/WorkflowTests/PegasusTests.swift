import JSONValue
import Testing
import Workflow

/// Workflows of Pegasus 5, as their YAML is read.
struct PegasusTests {
  /// in.txt → first → a.txt → second → out.txt
  private static func file(
    jobs: [JSON] = [first, second], more: [(String, JSON)] = []
  ) -> JSON {
    var members = JSONObject()
    members["pegasus"] = 5
    members["name"] = "black"
    members["transformationCatalog"] = [
      "transformations": [
        ["name": "keg", "version": "4.0", "sites": [["name": "s", "pfn": "file:///usr/bin/keg"]]],
        ["name": "far", "sites": [["name": "s", "pfn": "https://far.org/far"]]],
      ]
    ]
    members["jobs"] = .array(jobs)
    for (key, value) in more { members[key] = value }
    return .object(members)
  }

  private static let first: JSON = [
    "type": "job", "id": "ID1", "name": "keg", "version": "4.0",
    "arguments": ["-i", "in.txt", "-o", "a.txt", 7],
    "uses": [["lfn": "in.txt", "type": "input"], ["lfn": "a.txt", "type": "output"]],
    "profiles": ["pegasus": ["cores": "2", "memory": 512, "runtime": 3], "env": ["A": "b"]],
  ]
  private static let second: JSON = [
    "type": "job", "id": "ID2", "name": "cat", "stdin": "a.txt", "stdout": "out.txt",
    "uses": [["lfn": "a.txt", "type": "input"], ["lfn": "out.txt", "type": "output"]],
  ]

  private static func findings(_ file: JSON) -> [String] {
    PegasusDecoder.read(file)?.findings.map { "\($0.severity.rawValue): \($0)" } ?? []
  }

  @Test func `jobs are processes, and files order them`() throws {
    let instance = try #require(PegasusDecoder.read(Self.file())?.instance)
    let workflow = try workflow(String(decoding: instance.workflow(simulation: nil), as: UTF8.self))
    #expect(workflow.name == "black")
    let processes = workflow.processes
    #expect(processes.map(\.name) == ["keg", "cat"])
    let command = try #require(processes[0].command)
    #expect(command.executable == "/usr/bin/keg")
    #expect(command.arguments == ["-i", "in.txt", "-o", "a.txt", "7"])
    #expect(command.all["cpus"] == 2 && command.all["memory"] == 536_870_912)
    #expect(command.all["env"] == ["A": "b"])
    #expect(processes[0].outputs.map(\.signal) == processes[1].inputs.map(\.signal))
    let reader = try #require(processes[1].command)
    #expect(reader.arguments.suffix(3) == ["sh", "a.txt", "cat"])
    #expect(reader.stdout == "out.txt")
  }

  @Test func `a dependency without a common file is kept`() throws {
    let alone: JSON = ["id": "ID3", "name": "true"]
    let file = Self.file(
      jobs: [Self.first, Self.second, alone],
      more: [("jobDependencies", [["id": "ID2", "children": ["ID3"]]])])
    let instance = try #require(PegasusDecoder.read(file)?.instance)
    let workflow = try workflow(String(decoding: instance.workflow(simulation: nil), as: UTF8.self))
    let signal = try #require(workflow.processes[2].inputs.first?.signal)
    #expect(workflow[signal].name == "ID2")
    #expect(workflow.producers(of: signal).map(\.number) == [2])
  }

  @Test func `what is not in the file is a finding`() {
    #expect(
      Self.findings(Self.file()) == [
        #"warning: jobs[1].name: transformationCatalog has no "cat", so it is looked up in PATH"#
      ])
    let remote: JSON = ["id": "ID1", "name": "far"]
    #expect(
      Self.findings(Self.file(jobs: [remote])) == [
        #"error: jobs[0].name: the program of "far" is at "https://far.org/far"; fetch it, and "#
          + "give its path as pfn in transformationCatalog"
      ])
    let nested: JSON = ["id": "ID1", "type": "pegasusWorkflow", "name": "true"]
    #expect(Self.findings(Self.file(jobs: [nested]))[0].hasPrefix("error: jobs[0].type: "))
    let replica = Self.file(
      jobs: [Self.first],
      more: [("replicaCatalog", ["replicas": [["lfn": "in.txt", "pfns": [["pfn": "/d/in.txt"]]]]])])
    #expect(
      Self.findings(replica) == [
        #"warning: replicaCatalog.replicas[0].pfns: "in.txt" is at "/d/in.txt", and is looked for "#
          + "in the workflow's directory: link or copy it there"
      ])
  }

  @Test(arguments: [
    (#"{"id": "ID1", "uses": [{"type": "input"}]}"#, "jobs[0].uses[0]"),
    (#"{"id": "ID1", "uses": [{"lfn": "a"}]}"#, "jobs[0].uses[0]"), (#"{}"#, "jobs[0].id"),
  ])
  func `a mistake is found at its place`(job: String, path: String) throws {
    let reading = try #require(PegasusDecoder.read(Self.file(jobs: [try JSON(parsing: job)])))
    #expect(reading.instance == nil)
    #expect(reading.findings.contains { $0.severity == .error && $0.path == path })
  }

  @Test func `another document is none`() throws {
    #expect(PegasusDecoder.read(["processes": []]) == nil)
    #expect(PegasusDecoder.read("text") == nil)
  }

  @Test func `arguments are split into words, and programs bring their environment`() throws {
    let job: JSON = [
      "id": "ID1", "name": "tool", "arguments": ["-a 1", "'two words'"],
      "profiles": ["env": ["A": "job"], "condor": ["request_cpus": 3, "request_memory": "10"]],
    ]
    let catalog: JSON = [
      "transformations": [
        [
          "name": "tool", "version": "2", "sites": [["pfn": "/t"]],
          "profiles": ["env": ["A": "tool", "B": "tool"]],
        ]
      ]
    ]
    let file: JSON = ["pegasus": "5.0.1", "jobs": [job], "transformationCatalog": catalog]
    let reading = try #require(PegasusDecoder.read(file))
    #expect(reading.findings.isEmpty, "\(reading.findings)")
    let instance = try #require(reading.instance)
    let workflow = try workflow(String(decoding: instance.workflow(simulation: nil), as: UTF8.self))
    let command = try #require(workflow.processes[0].command)
    #expect(command.executable == "/t" && command.arguments == ["-a", "1", "two words"])
    #expect(command.all["env"] == ["B": "tool", "A": "job"])
    #expect(command.all["cpus"] == 3 && command.all["memory"] == 10_485_760)
  }

  @Test func `a file that a job names twice is one input`() throws {
    let uses: [JSON] = [
      ["lfn": "a", "type": "input"], ["lfn": "a", "type": "inout"], ["lfn": "a", "type": "output"],
    ]
    let job: JSON = ["id": "ID1", "name": "tool", "stdin": "a", "uses": .array(uses)]
    let instance = try #require(PegasusDecoder.read(Self.file(jobs: [job]))?.instance)
    let workflow = try workflow(String(decoding: instance.workflow(simulation: nil), as: UTF8.self))
    #expect(workflow.processes[0].inputs.count == 1)
    #expect(workflow[workflow.ins[0]].name == "a")
  }

  @Test func `a program that must be fetched is not needed by a simulation`() throws {
    let jobs: [JSON] = [["id": "ID1", "name": "far"], ["id": "ID2", "name": "far"]]
    let reading = try #require(PegasusDecoder.read(Self.file(jobs: jobs), needsCommands: false))
    #expect(reading.instance != nil)
    #expect(reading.findings.map(\.path) == ["jobs[0].name"])
  }
}
