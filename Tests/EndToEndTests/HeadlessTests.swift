import Glibc
import JSONValue
import Posix
import Testing

/// `hflow-tui run --headless` and `--json`, from the command line to the exit code.
@Suite struct HeadlessTests {
  @Test func `redirected output is in its files and the run succeeds`() async throws {
    let place = try Workspace(
      Samples.workflow(
        [
          Samples.job(
            "first", "echo to out; echo to err >&2", ins: #""s""#, outs: #""x""#,
            #""stdout": "o.txt", "stderr": "e.txt""#),
          Samples.job("second", "echo more", ins: #""x""#, outs: "", #""stdoutAppend": "o.txt""#),
        ], signals: #"{"name": "s", "data": [{}]}, {"name": "x"}"#))
    let result = try await Program.run(["run", place.path, "--headless"])
    #expect(result.exitCode == 0)
    #expect(result.errors == "")
    #expect(place.text("o.txt") == "to out\nmore\n")
    #expect(place.text("e.txt") == "to err\n")
    #expect(result.output.contains("succeeded  first:1"))
    #expect(result.output.contains("2 succeeded"))
  }

  @Test(arguments: [SIGHUP, SIGUSR1, SIGUSR2])
  func `an engine ignores HUP, USR1 and USR2`(signal: Int32) async throws {
    let place = try Workspace(
      Samples.workflow(
        [Samples.job("wait", ScreenTests.waiting, ins: #""s""#, outs: "")],
        signals: #"{"name": "s", "data": [{}]}"#))
    let run = try BackgroundProgram(["run", place.path, "--json"], in: place)
    let exit = try await onThread {
      _ = eventually("the job runs") { run.text.contains(#""jobStarted""#) }
      run.send(signal)
      // An engine that has ended could not pause.
      let pause = try BackgroundProgram(["pause", "last"], in: place, output: "pause")
      #expect(try pause.wait() == 0, "\(pause.text)")
      try place.write("", to: "go")
      return try run.wait()
    }
    #expect(exit == 0, "\(run.text)")
  }

  @Test func `a failed job fails the run and names what is blocked`() async throws {
    let place = try Workspace(Samples.chain("true", "exit 3", "true"))
    let result = try await Program.run(["run", place.path, "--headless", "--json"])
    #expect(result.exitCode == 1)
    let last = try #require(result.events.last)
    #expect(last["event"] == "runFinished")
    #expect(last["status"] == "failed")
    #expect(last["tasks"]?["succeeded"] == 1)
    #expect(last["tasks"]?["failed"] == 1)
    #expect(last["tasks"]?["waiting"] == 1)
    let blocked = try #require(last["blocked"]?.array?.first)
    #expect(blocked["task"] == "c:1")
    #expect(blocked["lacks"] == [["signal": "y", "have": 0, "need": 1]])
    let failure = result.events.first { $0["cause"] != nil }
    #expect(failure?["task"] == "b:1")
    #expect(failure?["cause"] == "exit" && failure?["detail"] == "3")
  }

  @Test func `every JSON line is an event with a time`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let result = try await Program.run(["run", place.path, "--json"])
    let lines = result.output.split(separator: "\n")
    #expect(result.events.count == lines.count)
    #expect(result.events.allSatisfy { $0["event"]?.string != nil && $0["time"]?.int != nil })
    #expect(result.events.first?["event"] == "runStarted")
  }

  @Test func `a reader that does not read does not stop the run`() async throws {
    // More events than a pipe holds.
    let count = 150
    let jobs = (1...count).map {
      Samples.job("job", "echo x >> marks", ins: #""go""#, outs: #""d\#($0)""#)
    }
    let signals = (1...count).map { #"{"name": "d\#($0)"}"# }.joined(separator: ", ")
    let place = try Workspace(
      Samples.workflow(jobs, signals: #"{"name": "go", "data": [{}]}, \#(signals)"#))
    let result = try await Program.run(
      ["run", place.path, "--json", "--slots", "8", "--on-finish", "echo told > told"],
      directory: place.path
    ) { _ in
      _ = eventually("every job has run") { place.text("marks").utf8.count == 2 * count }
      _ = eventually("the end is told") { place.text("told") == "told\n" }
    }
    #expect(result.exitCode == 0)
    #expect(result.output.utf8.count > 65536)
    #expect(result.events.first?["event"] == "runStarted")
    #expect(result.events.last?["event"] == "runFinished")
    #expect(result.events.count { $0["event"] == "jobFinished" } == count)
    #expect(result.events.count == result.output.split(separator: "\n").count)
  }

  @Test func `without a terminal the output is plain lines`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let result = try await Program.run(["run", place.path])
    #expect(result.exitCode == 0)
    #expect(!result.output.contains("\u{1B}"))
  }

  @Test func `in-engine functions compute, and their lines are printed`() async throws {
    let place = try Workspace(
      """
      {"name": "sums", "processes": [
        {"name": "sqr", "function": "sqr", "ins": ["n"], "outs": ["q"]},
        {"name": "add", "function": "add", "ins": ["q:3"], "outs": ["sum"], "firingLimit": 1},
        {"name": "show", "function": "command_print", "ins": ["sum"], "outs": [],
         "config": {"executor": {"executable": "shown", "args": ["a b", 3]}}}],
       "signals": [{"name": "n", "data": [{"value": 1}, {"value": 2}, {"value": 3}]},
                   {"name": "q"}, {"name": "sum"}], "ins": [], "outs": []}
      """)
    let json = try await Program.run(["run", place.path, "--json"])
    #expect(json.exitCode == 0)
    let sum = json.events.first { $0["event"] == "signalSent" && $0["name"] == "sum" }
    #expect(sum?["value"] == [["value": 1]])
    let plain = try await Program.run(["run", place.path, "--headless"])
    #expect(plain.output.contains("show:1 | shown a b 3"))
  }

  @Test func `the environment takes precedence over --var`() async throws {
    let place = try Workspace(
      Samples.workflow(
        [Samples.job("v", "echo {{what}} {{other}} > v.txt", ins: #""s""#, outs: "")],
        signals: #"{"name": "s", "data": [1]}"#))
    let result = try await Program.run(
      ["run", place.path, "--headless", "--var", "what=a=b", "--var", "other=x"],
      environment: ["HF_VAR_other": "from the environment"])
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(place.text("v.txt") == "a=b from the environment\n")
  }

  @Test func `jobs run in the workflow's directory`() async throws {
    let place = try Workspace(Samples.chain("pwd > where", "true", "true"))
    _ = try await Program.run(["run", Files.join(place.path, "workflow.json"), "--headless"])
    #expect(place.text("where") == (Files.realPath(place.path) ?? "") + "\n")
  }

  @Test func `slots limit how many jobs run at a time`() async throws {
    let script = "mkdir lock 2>/dev/null || echo twice >> clash; sleep 0.05; rmdir lock"
    let place = try Workspace(
      """
      {"processes": [{"name": "p", "function": "command", "parlevel": 0, "ins": ["n"], "outs": [],
       "config": {"executor": {"executable": "\(script)", "args": [], "shell": true}}}],
       "signals": [{"name": "n", "data": [1, 2, 3, 4, 5, 6]}], "ins": [], "outs": []}
      """)
    let result = try await Program.run(["run", place.path, "--headless", "--slots", "1"])
    #expect(result.exitCode == 0)
    #expect(place.text("clash") == "")
  }

  @Test func `fail-fast starts no further jobs`() async throws {
    let place = try Workspace(
      """
      {"processes": [{"name": "p", "function": "command", "ins": ["n"], "outs": [],
       "config": {"executor": {"executable": "false", "args": []}}}],
       "signals": [{"name": "n", "data": [1, 2, 3]}], "ins": [], "outs": []}
      """)
    let result = try await Program.run(["run", place.path, "--json", "--fail-fast"])
    #expect(result.exitCode == 1)
    #expect(result.events.count { $0["event"] == "taskFired" } == 1)
  }

  @Test func `a reader that closes the pipe does not harm the run`() async throws {
    let place = try Workspace(Samples.chain("true", "sleep 0.3", "echo done > done"))
    let command = "'\(Program.hflow)' run '\(place.path)' --headless | head -n 1"
    let result = try await Program.run(["-c", command], of: "/bin/sh")
    #expect(result.output.hasPrefix("run "))
    #expect(eventually("the run goes on") { place.text("done") == "done\n" })
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal stops the run and leaves nothing behind`(signal: Int32) async throws {
    let place = try Workspace(
      Samples.chain("touch started; exec sleep 1000", "true", "true"))
    let result = try await Program.run(["run", place.path, "--json"]) { child in
      _ = eventually("the job runs") { Files.exists(Files.join(place.path, "started")) }
      child.send(signal)
    }
    #expect(result.exitCode == 130)
    #expect(result.events.last?["status"] == "cancelled")
    #expect(result.events.contains { $0["cause"] == "cancelled" })
    #expect(eventually("everything has ended") { place.processes().isEmpty })
  }

  /// A zombie has no program.
  private func hasEnded(_ child: Child) -> Bool {
    Files.linkTarget("/proc/\(child.pid)/exe") == nil
  }

  @Test func `TERM ends a run that a screen shows, and USR1 does not`() async throws {
    let place = try Workspace(
      Samples.chain("touch started; exec sleep 1000", "true", "true"))
    let result = try await Program.run(["run", place.path, "--headless"]) { child in
      _ = eventually("the job runs") { Files.exists(Files.join(place.path, "started")) }
      guard let screen = try? PseudoTerminal(["watch", "last"], directory: place.path) else {
        return
      }
      screen.waitFor("a:1")
      for signal in [SIGUSR1, SIGUSR2, SIGTERM] { child.send(signal) }
      _ = eventually("the engine has ended while the screen is there") { hasEnded(child) }
      #expect(!hasEnded(screen.child))
    }
    #expect(result.exitCode == 130, "\(result.errors)")
    #expect(result.output.contains("1 cancelled"))
  }

  @Test func `a run that stays open for a screen says so`() async throws {
    let place = try Workspace(
      Samples.chain("touch started; until [ -e go ]; do sleep 0.05; done; exit 3", "true", "true"))
    let result = try await Program.run(["run", place.path, "--headless"]) { child in
      _ = eventually("the job runs") { Files.exists(Files.join(place.path, "started")) }
      guard let screen = try? PseudoTerminal(["watch", "last"], directory: place.path) else {
        return
      }
      screen.waitFor("a:1")
      try? place.write("", to: "go")
      screen.waitFor("failed, open")
      #expect(!hasEnded(child))
      try? screen.type("q")
    }
    #expect(result.exitCode == 1)
    #expect(result.errors.contains("stays open while a screen shows it"), "\(result.errors)")
    #expect(result.errors.contains("hflow-tui close "))
  }

  @Test func `jobs of a killed worker are lost and retried by another worker`()
    async throws
  {
    let first = "test -e worker || { echo $PPID > worker; exec sleep 1000; }"
    let place = try Workspace(
      Samples.workflow(
        [
          Samples.job("long", first, ins: #""s""#, outs: ""),
          Samples.job("after", "test -s worker", ins: #""t""#, outs: ""),
        ], signals: #"{"name": "s", "data": [1]}, {"name": "t", "data": [1]}"#))
    let result = try await Program.run(["run", place.path, "--json", "--slots", "1"]) { _ in
      _ = eventually("the job runs") { place.text("worker").hasSuffix("\n") }
      if let pid = Int32(place.text("worker").dropLast()) { kill(pid, SIGKILL) }
    }
    #expect(result.exitCode == 0)
    #expect(result.events.last?["tasks"]?["succeeded"] == 2)
    #expect(result.events.contains { $0["cause"] == "lost" })
    #expect(result.events.contains { $0["event"] == "workerGone" })
  }

  @Test func `a hanging worker is killed, and another one retries its jobs`() async throws {
    let place = try Workspace(
      Samples.chain("echo $PPID >> workers; test -e again || sleep 1000", "true", "true"))
    let result = try await Program.run(["run", place.path, "--json"]) { _ in
      let isThere = eventually("the job runs") { place.text("workers").hasSuffix("\n") }
      guard isThere, let pid = Int32(place.text("workers").dropLast()) else { return }
      try? place.write("", to: "again")
      kill(pid, SIGSTOP)
    }
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(place.text("workers").split(separator: "\n").count == 2)
  }

  @Test func `output into a pipe without a reader fails only that job`() async throws {
    let place = try Workspace(
      Samples.workflow(
        [
          Samples.job("pipe", "echo hi", ins: #""s""#, outs: "", #""stdout": "fifo""#),
          Samples.job("other", "touch done", ins: #""s""#, outs: ""),
        ], signals: #"{"name": "s", "data": [{}]}"#))
    #expect(mkfifo("\(place.path)/fifo", 0o600) == 0)
    let result = try await Program.run(["run", place.path, "--headless", "--slots", "2"])
    #expect(result.exitCode == 1)
    #expect(result.output.contains("it is a pipe; output goes to files"), "\(result.output)")
    #expect(Files.exists("\(place.path)/done"))
  }

  @Test func `a killed Redis is restarted and the run continues`() async throws {
    let place = try Workspace(
      Samples.chain("touch started; while ! test -e go; do sleep 0.05; done", "true", "true"))
    let result = try await Program.run(["run", place.path, "--json"]) { child in
      _ = eventually("the job runs") { Files.exists(Files.join(place.path, "started")) }
      let servers = Self.children(of: child.pid, named: "redis-server")
      #expect(servers.count == 1)
      for server in servers { kill(server, SIGKILL) }
      try? place.write("", to: "go")
    }
    #expect(result.exitCode == 0)
    #expect(result.events.last?["tasks"]?["succeeded"] == 3)
  }

  private static func children(of parent: Int32, named name: String) -> [Int32] {
    Files.list("/proc").compactMap { Int32($0) }.filter { pid in
      let bytes = (try? Files.read("/proc/\(pid)/stat")) ?? []
      let text = String(decoding: bytes, as: UTF8.self)
      guard let end = text.lastIndex(of: ")") else { return false }
      let fields = text[end...].split(separator: " ")
      return text.contains("(\(name)") && fields.count > 2 && fields[2] == "\(parent)"
    }
  }
}

/// Real workflow files outside of the project, if they exist.
@Suite struct ForeignWorkflowTests {
  private func copy(_ name: String) throws -> Workspace? {
    var folder = Files.realPath(Program.repository) ?? "/"
    while folder != "/" {
      let file = "\(folder)/shared/workflows/hyperflow-examples/\(name)/workflow.json"
      if let bytes = try? Files.read(file) {
        return try Workspace(String(decoding: bytes, as: UTF8.self))
      }
      folder = Files.parent(of: folder)
    }
    return nil
  }

  @Test(arguments: [
    ("Montage143", ["--function", "command_print"], "143 succeeded"),
    ("PingPong", [], "5002 succeeded"),
  ])
  func `examples run to their end`(name: String, arguments: [String], words: String) async throws {
    guard let place = try copy(name) else { return }
    let result = try await Program.run(["run", place.path, "--headless"] + arguments)
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(result.output.contains(words))
  }
}
