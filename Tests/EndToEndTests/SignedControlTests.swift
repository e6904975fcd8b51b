import Glibc
import JSONValue
import Posix
import Testing

/// Requests to the engine of a signed run, and workers that may serve it.
@Suite(.timeLimit(.minutes(5))) struct SignedControlTests {
  private static let secret = "a secret of twenty bytes"

  /// Both wait for the file `go`; `mark` says first that it runs.
  private static let workflow = Samples.workflow(
    [
      Samples.job("first", ScreenTests.waiting, ins: #""s""#, outs: ""),
      Samples.job("mark", "touch marked; \(ScreenTests.waiting)", ins: #""t""#, outs: ""),
    ], signals: #"{"name": "s", "data": [{}]}, {"name": "t", "data": [{}]}"#)

  /// A signed run with one slot, whose worker has the first job.
  private func started() async throws -> Workspace {
    let place = try Workspace(Self.workflow)
    for (name, text) in [("key", Self.secret), ("wrong", "another secret altogether")] {
      try Files.write(Array(text.utf8), to: "\(place.path)/\(name)", mode: 0o600)
    }
    let run = try await hflow(
      place, "run", ".", "--detach", "--slots", "1", "--signing-key-file", "key")
    #expect(run.exitCode == 0, "\(run.errors)")
    try await place.wait(for: "the first job runs") { $0["tasks"]?["running"] == 1 }
    return place
  }

  private func end(_ place: Workspace) async throws {
    try place.write("", to: "go")
    try await onThread {
      #expect(eventually("the run has closed") { place.processes().isEmpty })
    }
  }

  private func hflow(
    _ place: Workspace, _ arguments: String..., key: String? = nil
  ) async throws -> Program.Result {
    try await Program.run(
      arguments, environment: ["HFLOW_SIGNING_KEY": key], directory: place.path)
  }

  @Test func `an engine obeys only requests signed with the run's key`() async throws {
    let place = try await started()
    for arguments in [["pause", "last"], ["pause", "last", "--signing-key-file", "wrong"]] {
      let refused = try await Program.run(arguments, directory: place.path)
      #expect(refused.exitCode == 2)
      #expect(refused.errorLines.count == 1, "\(refused.errors)")
      #expect(refused.errors.contains("refused a request (pause)"))
      #expect(refused.errors.contains("--signing-key-file"))
      #expect(try await place.listedRun()["state"] == "running")
    }
    let paused = try await hflow(place, "pause", "last", "--signing-key-file", "key")
    #expect(paused.exitCode == 0, "\(paused.errors)")
    #expect(try await place.listedRun()["state"] == "paused")
    let goesOn = try await hflow(place, "continue", "last", key: Self.secret)
    #expect(goesOn.exitCode == 0, "\(goesOn.errors)")
    #expect(try await place.listedRun()["state"] == "running")
    try await end(place)
  }

  @Test func `a closed run is reopened with its key`() async throws {
    let place = try Workspace(
      Samples.chain("true", "test -e good || { echo missing >&2; exit 3; }", "true"))
    try Files.write(Array(Self.secret.utf8), to: "\(place.path)/key", mode: 0o600)
    let run = try await hflow(place, "run", ".", "--headless", "--signing-key-file", "key")
    #expect(run.exitCode == 1)
    try place.write("", to: "good")
    let retry = try await hflow(place, "retry", "last", "--failed", "--signing-key-file", "key")
    #expect(retry.output.hasSuffix("b:1: attempt 2\n"), "\(retry.errors)")
    try await place.wait(for: "the run has succeeded") { $0["status"] == "succeeded" }
    try await end(place)
  }

  /// Lets a further worker serve the run until the file `enough` is there.
  private func serve(_ place: Workspace, key: String) async throws -> Program.Result {
    let run = try await place.listedRun()
    let (url, pool) = (run["redis"]?.string ?? "", run["run"]?.string ?? "")
    return try await Program.run(
      [
        "worker", "--redis", url, "--pool", pool, "--slots", "1", "--name", "further",
        "--signing-key-file", key,
      ], directory: place.path
    ) { worker in
      _ = eventually("it has served enough") {
        Files.exists("\(place.path)/enough")
      }
      worker.send(SIGTERM)
    }
  }

  @Test func `a further worker with the key takes jobs`() async throws {
    let place = try await started()
    async let served = serve(place, key: "key")
    try await place.wait(for: "both jobs run") { $0["tasks"]?["running"] == 2 }
    #expect(Files.exists("\(place.path)/marked"))
    try place.write("", to: "go")
    try await place.wait(for: "both have succeeded") { $0["tasks"]?["succeeded"] == 2 }
    try place.write("", to: "enough")
    _ = try await served
    try await end(place)
  }

  @Test func `a further worker with another key starts nothing`() async throws {
    let place = try await started()
    async let served = serve(place, key: "wrong")
    try await place.wait(for: "the job is refused") { $0["tasks"]?["failed"] == 1 }
    #expect(!Files.exists("\(place.path)/marked"))
    try place.write("", to: "enough")
    _ = try await served
    try await end(place)
    let table = try await hflow(place, "report", "last", "--csv").output
    #expect(table.contains("invalid"), "\(table)")
  }

  @Test func `a worker whose key others can read does not start`() async throws {
    let place = try Workspace()
    try place.write(Self.secret, to: "open")
    let result = try await hflow(
      place, "worker", "--redis", "unix:///nowhere", "--signing-key-file", "open")
    #expect(result.exitCode == 3)
    #expect(result.errorLines.count == 1, "\(result.errors)")
    #expect(result.errors.contains("chmod 600"))
  }

  @Test(arguments: [["--signing-key-file", "key"], []])
  func `a signed run can be resumed only with its key`(option: [String]) async throws {
    let place = try Workspace(Self.workflow)
    for (name, text) in [("key", Self.secret), ("wrong", "another secret altogether")] {
      try Files.write(Array(text.utf8), to: "\(place.path)/\(name)", mode: 0o600)
    }
    let variable = option.isEmpty ? Self.secret : nil
    let run = try await Program.run(
      ["run", ".", "--detach", "--slots", "1"] + option,
      environment: ["HFLOW_SIGNING_KEY": variable], directory: place.path)
    #expect(run.exitCode == 0, "\(run.errors)")
    try await place.wait(for: "the first job runs") { $0["tasks"]?["running"] == 1 }
    let runs = "\(place.path)/.hflow/runs"
    let name = try #require(Files.list(runs).first)
    let description = try JSON(parsing: Files.read("\(runs)/\(name)/run.json"))
    kill(Int32(try #require(description["enginePid"]?.int)), SIGKILL)
    let wrong = try await hflow(
      place, "resume", "last", "--headless", "--signing-key-file", "wrong")
    #expect(wrong.exitCode == 3)
    #expect(wrong.errors.contains("another key"), "\(wrong.errors)")
    if option.isEmpty {
      let without = try await hflow(place, "resume", "last", "--headless")
      #expect(without.exitCode == 3)
      #expect(without.errors.contains("is signed"), "\(without.errors)")
    }
    try place.write("", to: "go")
    let resumed = try await hflow(place, "resume", "last", "--headless", key: variable)
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    try await end(place)
  }
}
