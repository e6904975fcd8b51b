import Glibc
import JSONValue
import Posix
import Testing

/// The real program in a real terminal: keys in, screens out.
@Suite struct ScreenTests {
  /// A job that runs until the file `go` exists.
  static let waiting = "echo begun; while ! test -e go; do sleep 0.05; done; echo ended"

  @Test func `a run is shown from its start to the summary in the scrollback`() async throws {
    let workflow = Samples.workflow(
      [
        Samples.job(
          "Compute", "\(Self.waiting) >&2", ins: #""n""#, outs: "",
          #""stdout": "c.out", "stderr": "c.err""#),
        #"{"name": "Pipes", "function": "submitRemoteJob", "firingLimit": 1, "ins": ["n"], "#
          + #""outs": [], "config": {"executor": {"executable": "ls", "#
          + #""args": ["-l", "|", "sort", "-r"], "shell": true}}}"#,
      ], signals: #"{"name": "n", "data": [1, 2, 3]}"#, name: "RemoteLike")
    try await TerminalSession.run(workflow) { terminal, place in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("RemoteLike")
      terminal.waitFor("▶ running")
      terminal.waitFor("begun")
      #expect(!terminal.screen().contains("ended"), "the log is live, not what came at the end")
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      terminal.waitFor("ended")
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
      let left = terminal.screen(withHistory: true)
      #expect(left.contains("2 succeeded"))
      #expect(!left.contains("╭"), "the screen is gone")
      #expect(place.text("c.err") == "ended\n")
    }
  }

  @Test func `r retries a failed job once its cause is fixed`() async throws {
    let script = "test -e fixed || { echo no such star >&2; exit 3; }"
    try await TerminalSession.run(Samples.chain("true", script, "touch last")) { terminal, place in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("failed, open")
      terminal.waitFor("no such star")
      try place.write("", to: "fixed")
      try terminal.press("r")
      terminal.waitFor("✔ succeeded")
      #expect(Files.exists(Files.join(place.path, "last")))
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
    }
  }

  @Test func `leaving a failed run prints the failure and exits with 1`() async throws {
    try await TerminalSession.run(Samples.chain("true", "exit 3", "true")) { terminal, place in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("failed, open")
      try terminal.press("q")
      terminal.waitFor("Leave?")
      try terminal.press("q")
      terminal.waitFor("EXIT:1")
      #expect(terminal.screen(withHistory: true).contains("b:1"))
      #expect(eventually("the run has closed") { place.processes().isEmpty })
    }
  }

  @Test func `x cancels a running job after a question`() async throws {
    try await TerminalSession.run(Samples.chain("sleep 1000", "true", "true")) { terminal, _ in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("running")
      terminal.waitFor("x cancel")
      try terminal.press("x")
      terminal.waitFor("Cancel a:1?")
      try terminal.press("y")
      terminal.waitFor("cancelled")
      terminal.waitFor("failed, open")
      try terminal.press("q", "q")
      terminal.waitFor("EXIT:1")
    }
  }

  @Test func `a detached run continues and can be watched again`() async throws {
    try await TerminalSession.run(Samples.chain(Self.waiting, "true", "true")) { terminal, place in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("begun")
      try terminal.press("q")
      terminal.waitFor("Leave?")
      try terminal.press("d")
      terminal.waitFor("EXIT:0")
      try terminal.type("clear; hflow-tui watch; echo AGAIN:$?")
      terminal.waitFor("▶ running")
      terminal.waitFor("begun")
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      try terminal.press("q")
      terminal.waitFor("AGAIN:0")
    }
  }

  @Test func `stopping ends the jobs and the run`() async throws {
    try await TerminalSession.run(Samples.chain("touch begun; sleep 1000", "true", "true")) {
      terminal, place in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("▶ running")
      #expect(eventually("the job runs") { Files.exists(Files.join(place.path, "begun")) })
      try terminal.press("q", "s", "y")
      terminal.waitFor("EXIT:130")
      #expect(eventually("the run has closed") { place.processes().isEmpty })
    }
  }

  @Test func `killing the screen does not end the run`() async throws {
    try await TerminalSession.run(Samples.chain(Self.waiting, "true", "touch last")) {
      terminal, place in
      try terminal.type("hflow-tui run . & echo $! > pid; fg; code=$?")
      terminal.waitFor("begun")
      let pid = try #require(Int32(place.text("pid").dropLast()))
      kill(pid, SIGKILL)
      // The shell may print its prompt before the guardian has left the alternate screen.
      #expect(
        eventually("the terminal is usable again") {
          try? terminal.type("clear; echo EXIT:$code")
          return terminal.screen().contains("EXIT:137")
        })
      try place.write("", to: "go")
      #expect(eventually("the run ends by itself") { Files.exists(Files.join(place.path, "last")) })
    }
  }

  @Test(arguments: ["TERM", "HUP", "INT", "ABRT", "SEGV", "ILL", "TRAP", "plain ABRT"])
  func `the terminal is restored whatever ends the screen`(signal: String) async throws {
    try await TerminalSession.run(Samples.chain(Self.waiting, "true", "true")) { terminal, place in
      let plain = signal.hasPrefix("plain ") ? " --plain" : ""
      try terminal.type(
        "stty -a > before; hflow-tui run .\(plain) & echo $! > pid; fg; stty -a > after")
      terminal.waitFor("running")
      let pid = try #require(Int32(place.text("pid").dropLast()))
      let numbers = [
        "TERM": SIGTERM, "HUP": SIGHUP, "INT": SIGINT, "SEGV": SIGSEGV, "ILL": SIGILL,
        "TRAP": SIGTRAP,
      ]
      kill(pid, numbers[signal] ?? SIGABRT)
      #expect(eventually("the shell is back") { place.text("after").hasSuffix("\n") })
      #expect(place.text("after") == place.text("before"))
      try terminal.type("clear; echo the prompt w''orks")
      terminal.waitFor("the prompt works")
      #expect(!terminal.screen().contains("╭"))
      try place.write("", to: "go")
    }
  }

  @Test func `the screen fits every size`() async throws {
    try await TerminalSession.run(Samples.chain(Self.waiting, "true", "true")) { terminal, place in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("begun")
      for (columns, rows) in [(80, 24), (60, 16), (40, 8), (220, 60), (120, 32)] {
        try terminal.resize(columns: columns, rows: rows)
        terminal.waitFor("▶")
        let lines = terminal.screen().split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= rows + 1)
      }
      terminal.waitFor("3 Log · a:1")
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
    }
  }

  @Test func `without colours and in ASCII the screen shows the same`() async throws {
    try await TerminalSession.run(Samples.chain("true", "exit 3", "true"), columns: 80, rows: 24) {
      terminal, _ in
      try terminal.type("NO_COLOR=1 hflow-tui run . --ascii; echo EXIT:$?")
      terminal.waitFor("failed, open")
      let screen = terminal.screen(escapes: true)
      #expect(screen.unicodeScalars.allSatisfy { $0.isASCII })
      let colours = (0...8).map { "\u{1B}[3\($0)" } + (0...8).map { "\u{1B}[4\($0)" }
      #expect(!colours.contains { screen.contains($0) }, "39 and 49 are the terminal's own")
      try terminal.press("q", "q")
      terminal.waitFor("EXIT:1")
    }
  }

  @Test func `a job cannot control the terminal`() async throws {
    let evil =
      #"printf '\033]0;owned\007\033[2J\033[31mred\033[0m\033[?1049l end\n'; \#(Self.waiting)"#
    try await TerminalSession.run(Samples.chain(evil, "true", "true")) { terminal, place in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("red end")
      terminal.waitFor("3 Log")
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
    }
  }

  @Test func `a closed run is viewed, and a retry reopens it`() async throws {
    let script = "test -e fixed || { echo no such star >&2; exit 3; }"
    try await TerminalSession.run(Samples.chain("true", script, "touch last")) { terminal, place in
      try terminal.type("hflow-tui run --headless .; clear; hflow-tui watch; echo EXIT:$?")
      terminal.waitFor("✘ failed")
      terminal.waitFor("closed")
      terminal.waitFor("no such star")
      try place.write("", to: "fixed")
      try terminal.press("r")
      terminal.waitFor("✔ succeeded")
      #expect(Files.exists(Files.join(place.path, "last")))
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
      #expect(eventually("the run has closed") { place.processes().isEmpty })
    }
  }

  @Test func `the screen switches to another run of the directory`() async throws {
    try await TerminalSession.run(Samples.chain("echo from the first", "true", "true")) {
      terminal, place in
      try terminal.type("hflow-tui run --headless . > first; hflow-tui list > list; clear")
      #expect(eventually("the first is listed") { place.text("list").contains("succeeded") })
      let lines = place.text("list").split(separator: "\n")
      let first = try #require(lines.dropFirst().first?.split(separator: " ").first)
      try place.write(Samples.chain(Self.waiting, "true", "true"), to: "workflow.json")
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("begun")
      try terminal.press(":")
      try terminal.type("switch \(first)")
      terminal.waitFor("✔ succeeded")
      terminal.waitFor("closed")
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
      try place.write("", to: "go")
      #expect(eventually("both have closed") { place.processes().isEmpty })
    }
  }
}
