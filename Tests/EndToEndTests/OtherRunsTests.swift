import Glibc
import JSONValue
import Posix
import Redis
import Testing

/// What `run`, `retry` and `resume` report: another run in the same directory, a changed workflow
/// file.
@Suite(.timeLimit(.minutes(5))) struct OtherRunsTests {
  private static let waiting = "touch up; until [ -e go ]; do sleep 0.05; done"

  private func hflow(_ place: Workspace, _ arguments: String...) async throws -> Program.Result {
    try await Program.run(
      arguments, environment: ["XDG_STATE_HOME": "\(place.path)/state"], directory: place.path)
  }

  /// A run that waits for the file `go`, and its short id.
  private func live(_ place: Workspace, _ more: String...) async throws -> String {
    let run = try await Program.run(
      ["run", ".", "--detach"] + more, environment: ["XDG_STATE_HOME": "\(place.path)/state"],
      directory: place.path)
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(eventually("its job runs") { Files.exists("\(place.path)/up") })
    return String(run.output.split(separator: " ")[1])
  }

  @Test(arguments: [["--headless"], ["--json"], ["--detach"], ["--headless", "--new"]])
  func `a running run in the directory is reported before a new one starts`(
    options: [String]
  ) async throws {
    let place = try Workspace(Samples.chain(Self.waiting, "true", "true"))
    let first = try await live(place)
    let second = try await Program.run(
      ["run", "."] + options, environment: ["XDG_STATE_HOME": "\(place.path)/state"],
      directory: place.path
    ) { _ in
      _ = eventually("both run") { Files.list("\(place.path)/.hflow/runs").count == 2 }
      try? place.write("", to: "go")
    }
    #expect(second.exitCode == 0, "\(second.errors)")
    let path = Files.realPath(place.path) ?? ""
    #expect(
      second.errors == "note: run \(first) (sample) is running in this directory, at 0/3; "
        + "to watch it: hflow-tui watch \(first) -C \(path)\n")
  }

  @Test func `of two runs that start at the same moment, the second sees the first`() async throws {
    let place = try Workspace(Samples.chain(Self.waiting, "true", "true"))
    let start: @Sendable () async throws -> Program.Result = {
      try await Program.run(
        ["run", ".", "--headless"], environment: ["XDG_STATE_HOME": "\(place.path)/state"],
        directory: place.path
      ) { _ in
        _ = eventually("both run") { Files.list("\(place.path)/.hflow/runs").count == 2 }
        try? place.write("", to: "go")
      }
    }
    async let one = start()
    async let other = start()
    let errors = try await [one.errors, other.errors].sorted()
    #expect(errors[0].isEmpty)
    #expect(errors[1].contains("note: run "), "\(errors)")
    #expect(errors[1].contains(" is running in this directory"), "\(errors)")
  }

  @Test func `a running run whose description is damaged is reported`() async throws {
    let place = try Workspace(Samples.chain(Self.waiting, "true", "true"))
    _ = try await live(place)
    let run = try #require(Files.list("\(place.path)/.hflow/runs").first)
    let description = "\(place.path)/.hflow/runs/\(run)/run.json"
    let intact = try Files.read(description)
    try place.write("{", to: ".hflow/runs/\(run)/run.json")
    let second = try await Program.run(
      ["run", ".", "--headless"], environment: ["XDG_STATE_HOME": "\(place.path)/state"],
      directory: place.path
    ) { _ in
      _ = eventually("both run") { Files.list("\(place.path)/.hflow/runs").count == 2 }
      try? place.write("", to: "go")
    }
    #expect(second.exitCode == 0, "\(second.errors)")
    #expect(
      second.errors.hasPrefix(
        "note: it may be running: run \(run) is damaged (run.json is not valid)"),
      "\(second.errors)")
    try Files.write(intact, to: description, mode: 0o600)
    _ = try await hflow(place, "stop", run)
  }

  @Test func `more slots than the system allows are refused before the start`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let run = try await Program.run(
      ["-c", "ulimit -n 64; exec \"$0\" run . --headless --slots 8", Program.hflow],
      of: "/bin/sh", directory: place.path)
    #expect(run.exitCode == 2, "\(run)")
    #expect(
      run.errors
        == "8 slots need 80 open files, but only 64 are allowed; use fewer slots "
        + "(--slots) or raise the limit (ulimit -n)\n")
    #expect(!Files.exists("\(place.path)/.hflow"))
  }

  @Test func `a closed run in the directory is not reported`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    _ = try await hflow(place, "run", ".", "--headless")
    #expect(try await hflow(place, "run", ".", "--headless").errors.isEmpty)
  }

  @Test func `a run on a given Redis is reported with its URL`() async throws {
    let place = try Workspace(Samples.chain(Self.waiting, "true", "true"))
    let server = try PrivateRedis.start(
      options: .init(
        dataDirectory: "\(place.path)/data", socketDirectory: place.path,
        logFile: "\(place.path)/log"))
    defer { server.stop() }
    let first = try await live(place, "--redis", server.url.text)
    try place.write("", to: "go.later")
    let second = try await Program.run(
      ["run", ".", "--headless", "--redis", server.url.text],
      environment: ["XDG_STATE_HOME": "\(place.path)/state"], directory: place.path
    ) { _ in
      _ = eventually("both run") { Files.list("\(place.path)/.hflow/runs").count == 2 }
      try? place.write("", to: "go")
    }
    #expect(
      second.errors.contains("watch it: hflow-tui watch \(first) --redis unix://"),
      "\(second.errors)")
  }

  @Test func `a run on another host is reported with that host`() async throws {
    let place = try Workspace(Samples.chain("test -e good", "true", "true"))
    _ = try await hflow(place, "run", ".", "--headless")
    let run = try #require(Files.list("\(place.path)/.hflow/runs").first)
    let file = "\(place.path)/.hflow/runs/\(run)/status.json"
    var status = try #require(try JSON(parsing: Files.read(file)).object)
    status["finished"] = false
    status["engine"] = ["host": "node-b", "pid": 1, "takeOvers": 0]
    try Files.write(JSON.object(status).bytes, to: file)
    try place.write("", to: "good")
    let second = try await hflow(place, "run", ".", "--headless")
    #expect(second.exitCode == 0)
    #expect(second.errors.contains("is running on host node-b in this directory"))
    #expect(second.errors.contains("-C \(Files.realPath(place.path) ?? "") on node-b\n"))
    // Long ago.
    var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
    utimensat(AT_FDCWD, file, &times, 0)
    #expect(
      try await hflow(place, "run", ".", "--headless").errors
        .contains("may be running on host node-b, last seen "))
  }

  @Test func `in a terminal the user is asked and can watch the running run`() async throws {
    let place = try Workspace(Samples.chain(Self.waiting, "true", "true"))
    let first = try await live(place)
    let terminal = try TerminalSession(directory: place.path)
    try terminal.type("XDG_STATE_HOME=\(place.path)/state hflow-tui run .; echo code $?")
    terminal.waitFor("[W]atch it, start a [n]ew run, or [q]uit?")
    #expect(terminal.screen().contains("run \(first) (sample) is running in this directory"))
    try terminal.type("q")
    terminal.waitFor("code 0")
    let again = "clear; echo second $((1 + 1)); "
    try terminal.type(again + "XDG_STATE_HOME=\(place.path)/state hflow-tui run .; echo code $?")
    // Only then the question is not the one from before.
    terminal.waitFor("second 2")
    terminal.waitFor("or [q]uit?")
    try terminal.press("Enter")
    terminal.waitFor("▶ running")
    #expect(Files.list("\(place.path)/.hflow/runs").count == 1)
    try place.write("", to: "go")
    terminal.waitFor("✔ succeeded")
    try terminal.press("q")
    terminal.waitFor("code 0")
  }

  @Test func `a paste is not an answer`() async throws {
    let place = try Workspace(Samples.chain(Self.waiting, "true", "true"))
    _ = try await live(place)
    try await onThread {
      let terminal = try PseudoTerminal(
        ["run", "."], directory: place.path, environment: ["XDG_STATE_HOME": "\(place.path)/state"])
      terminal.waitFor("or [q]uit?")
      #expect(terminal.read().contains("\u{1B}[?2004h"))
      try terminal.type("\u{1B}[200~n\nn\n\u{1B}[201~")
      terminal.waitFor("A paste is not accepted")
      try terminal.type("q\n")
      #expect(terminal.child.wait()?.status == .exited(0))
      #expect(terminal.read().hasSuffix("\u{1B}[?2004l"))
    }
    #expect(Files.list("\(place.path)/.hflow/runs").count == 1)
    try place.write("", to: "go")
  }

  @Test func `retry and resume report that the workflow file has changed`() async throws {
    let place = try Workspace(Samples.chain("ecko hello", "true", "true"))
    #expect(try await hflow(place, "run", ".", "--headless").exitCode == 1)
    let same = try await hflow(place, "retry", "last", "--failed")
    #expect(same.errors.isEmpty, "\(same.errors)")
    func isClosed() async throws -> Bool {
      let list = try JSON(parsing: try await hflow(place, "list", "--json").output)
      return list.array?.first?["state"] == "closed"
    }
    while try await !isClosed() {}
    let run = try #require(Files.list("\(place.path)/.hflow/runs").first).prefix(4)
    try place.write(Samples.chain("echo hello", "true", "true"), to: "workflow.json")
    let path = Files.realPath(place.path) ?? ""
    let note =
      "note: workflow.json has changed since run \(run) started, which uses a copy; to edit a "
      + "task: hflow-tui retry \(run) TASK --command TEXT; to use the changed file: "
      + "hflow-tui run \(path)\n"
    let changed = try await hflow(place, "retry", "last", "--failed")
    #expect(changed.exitCode == 0)
    #expect(changed.errors == note)
    while try await !isClosed() {}
    let edited = try await hflow(place, "retry", "last", "a", "--command", "touch up")
    #expect(edited.errors == note)
    #expect(eventually("its command has run") { Files.exists("\(place.path)/up") })
  }

  @Test(arguments: ["--headless", "--detach"])
  func `resume reports a changed workflow file, too`(option: String) async throws {
    let place = try Workspace(Samples.chain(Self.waiting, "true", "true"))
    let run = try await live(place)
    place.killAll()
    try place.write("", to: "go")
    try place.write(Samples.chain("echo another", "true", "true"), to: "workflow.json")
    let resumed = try await hflow(place, "resume", run, option)
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(
      resumed.errors.contains("note: workflow.json has changed since run \(run) started"),
      "\(resumed.errors)")
  }

  @Test func `a workflow in which nothing can start is blocked and says so`() async throws {
    let ring = #"""
      {"name": "ring", "processes": [
        {"name": "a", "function": "noop", "ins": ["x"], "outs": ["y"]},
        {"name": "b", "function": "noop", "ins": ["y"], "outs": ["x"]}],
       "signals": [{"name": "x"}, {"name": "y"}], "ins": ["x"], "outs": []}
      """#
    let place = try Workspace(ring)
    let run = try await hflow(place, "run", ".", "--headless")
    #expect(run.exitCode == 1)
    #expect(run.output.contains(" blocked after "))
    #expect(
      run.output.contains(
        "  nothing could start: each process waits for a signal that nobody sent (run with -s)\n"))
    #expect(run.errors.contains("nothing starts this cycle"))
  }

  @Test func `the complete name of a process does not match a longer name`() async throws {
    let place = try Workspace(
      Samples.workflow(
        [
          Samples.job("fit", "echo fit", ins: #""s""#, outs: ""),
          Samples.job("fitplane", "echo plane", ins: #""s""#, outs: ""),
        ], signals: #"{"name": "s", "data": [{}]}"#))
    _ = try await hflow(place, "run", ".", "--headless")
    #expect(try await hflow(place, "logs", "last", "fit").output == "fit\n")
    #expect(try await hflow(place, "logs", "last", "fitp").output == "plane\n")
  }
}
