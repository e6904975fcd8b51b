import Glibc
import Posix
import Testing

/// The terminal is restored whatever ends the screen, and pasted text never acts.
@Suite struct TerminalTests {
  /// A closed run with a failed task.
  private func closedRun() async throws -> Workspace {
    let place = try Workspace(Samples.chain("true", "echo no such star >&2; exit 3", "true"))
    _ = try await Program.run(["run", ".", "--headless"], directory: place.path)
    return place
  }

  private static let signals: [(String, Int32)] = [
    ("TERM", SIGTERM), ("HUP", SIGHUP), ("INT", SIGINT), ("QUIT", SIGQUIT), ("USR1", SIGUSR1),
    ("USR2", SIGUSR2), ("ALRM", SIGALRM), ("VTALRM", SIGVTALRM), ("PROF", SIGPROF), ("IO", SIGIO),
    ("PWR", SIGPWR), ("STKFLT", SIGSTKFLT), ("XCPU", SIGXCPU), ("XFSZ", SIGXFSZ),
    ("PIPE", SIGPIPE), ("SYS", SIGSYS), ("SEGV", SIGSEGV), ("ABRT", SIGABRT), ("BUS", SIGBUS),
    ("FPE", SIGFPE), ("ILL", SIGILL), ("TRAP", SIGTRAP), ("RTMIN", 34), ("RTMAX", 64),
    ("KILL", SIGKILL),
  ]

  @Test func `every signal that ends the screen restores the terminal`() async throws {
    let place = try await closedRun()
    try await onThread {
      for (name, number) in Self.signals {
        let terminal = try PseudoTerminal(["watch", "last"], directory: place.path)
        terminal.waitFor("no such star")
        #expect(!terminal.isRestored)
        terminal.child.send(number)
        _ = terminal.child.wait()
        #expect(eventually("restored after SIG\(name)") { terminal.isRestored }, "SIG\(name)")
      }
    }
  }

  @Test(arguments: [SIGTERM, SIGUSR1, SIGKILL])
  func `plain mode restores the terminal, too`(signal: Int32) async throws {
    let place = try Workspace(Samples.chain(ScreenTests.waiting, "true", "true"))
    try await onThread {
      let terminal = try PseudoTerminal(["run", ".", "--plain"], directory: place.path)
      terminal.waitFor("a:1")
      #expect(terminal.read().contains("\u{1B}[?2004h"))
      terminal.child.send(signal)
      _ = terminal.child.wait()
      #expect(
        eventually("restored") {
          terminal.read().contains("\u{1B}[?2004l") && terminal.hasModesOfBefore
        })
      try place.write("", to: "go")
      #expect(eventually("the run has closed") { place.processes().isEmpty })
    }
  }

  @Test(arguments: [SIGTERM, SIGHUP, SIGUSR1, SIGKILL], [false, true])
  func `a signal ends an open editor, and then the screen`(signal: Int32, isPager: Bool)
    async throws
  {
    let place = try await closedRun()
    // The editor records that it got SIGTERM or SIGHUP before it ends.
    try place.write(
      """
      #!/bin/sh
      trap 'echo ended >> ended; exit' TERM HUP
      stty -echo raw
      echo $$ > editor.pid
      while :; do sleep 0.05; done
      """, to: "editor", isExecutable: true)
    try await onThread {
      let editor = Files.join(place.path, "editor")
      let terminal = try PseudoTerminal(
        ["watch", "last"], directory: place.path,
        environment: ["EDITOR": editor, "PAGER": editor, "VISUAL": String?.none])
      terminal.waitFor("no such star")
      try terminal.type("3")
      // The text is shown in the table, as the cause, and in the log.
      #expect(
        eventually("the log is shown") { terminal.read().ranges(of: "no such star").count >= 3 })
      try terminal.type(isPager ? "v" : "V")
      #expect(eventually("it is open") { place.text("editor.pid").hasSuffix("\n") })
      let pid = try #require(Int32(place.text("editor.pid").dropLast()))
      terminal.child.send(signal)
      _ = terminal.child.wait()
      #expect(eventually("the editor has ended") { kill(pid, 0) != 0 })
      // It may get SIGHUP, too, when the terminal is closed.
      #expect(place.text("ended").hasPrefix("ended\n"))
      #expect(eventually("restored") { terminal.isRestored })
    }
  }

  @Test func `an editor that does not end is killed after two seconds`() async throws {
    let place = try await closedRun()
    try place.write(
      "#!/bin/sh\ntrap '' TERM HUP\necho $$ > editor.pid\nwhile :; do sleep 0.05; done\n",
      to: "editor", isExecutable: true)
    try await onThread {
      let editor = Files.join(place.path, "editor")
      let terminal = try PseudoTerminal(
        ["watch", "last"], directory: place.path, environment: ["VISUAL": editor])
      terminal.waitFor("no such star")
      try terminal.type("3")
      // The row of the task shows it before the log is there.
      #expect(
        eventually("the log is shown") { terminal.read().ranges(of: "no such star").count >= 3 })
      try terminal.type("V")
      #expect(eventually("it is open") { place.text("editor.pid").hasSuffix("\n") })
      terminal.child.send(SIGTERM)
      #expect(terminal.child.wait()?.status == .exited(130))
      #expect(terminal.isRestored)
    }
  }

  @Test func `the screen uses the terminal's size, not COLUMNS and LINES`() async throws {
    let place = try await closedRun()
    try await onThread {
      let terminal = try PseudoTerminal(
        ["watch", "last"], directory: place.path,
        environment: ["COLUMNS": "80", "LINES": "15"])
      // With less than 16 rows the screen would be one line.
      terminal.waitFor("1 Graph")
      terminal.waitFor("3 Log")
    }
  }

  @Test func `killing the screen leaves a usable shell`() async throws {
    let place = try await closedRun()
    try await onThread {
      let terminal = try TerminalSession(directory: place.path)
      try terminal.type(
        "stty -a > before; hflow-tui watch last & echo $! > pid; fg; stty -a > after")
      terminal.waitFor("no such star")
      let pid = try #require(Int32(place.text("pid").dropLast()))
      kill(pid, SIGKILL)
      #expect(eventually("the shell is back") { place.text("after").hasSuffix("\n") })
      #expect(place.text("after") == place.text("before"))
      terminal.waitUntilGone("╭")
      try terminal.type("echo the prompt works")
      terminal.waitFor("\nthe prompt works")
    }
  }

  @Test func `the terminal is restored even if the shell has continued`() async throws {
    let place = try await closedRun()
    try await onThread {
      let terminal = try TerminalSession(directory: place.path)
      try terminal.type(
        "hflow-tui watch last & echo $! > pid; fg; touch next; sleep 1; touch last")
      terminal.waitFor("no such star")
      let pid = try #require(Int32(place.text("pid").dropLast()))
      let children = try Files.read("/proc/\(pid)/task/\(pid)/children")
      let guardian = try #require(
        String(decoding: children, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
          .first { (try? Files.read("/proc/\($0)/comm")) == Array("hflow-screen\n".utf8) })
      kill(guardian, SIGSTOP)
      kill(pid, SIGKILL)
      #expect(eventually("the next program runs") { Files.exists("\(place.path)/next") })
      kill(guardian, SIGCONT)
      #expect(eventually("it has ended") { Files.exists("\(place.path)/last") })
      terminal.waitUntilGone("╭")
    }
  }

  @Test(arguments: ["Xy", "The next job is ready", "sudo systemctl stop redis; exit", "q", ":stop"])
  func `pasted text does nothing to a run`(text: String) async throws {
    let place = try Workspace(Samples.chain(ScreenTests.waiting, "true", "true"))
    try await onThread {
      let terminal = try TerminalSession(directory: place.path)
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("begun")
      try terminal.paste(text + "\n")
      terminal.waitFor("paste ignored")
      #expect(terminal.screen().contains("▶ running"))
      try terminal.press(":")
      try terminal.paste(text + "\n")
      terminal.waitFor(":\(text)")
      try terminal.press("Escape")
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
    }
  }

  @Test func `output after a gap begins on a new line`() async throws {
    // One line that is written faster than two megabytes per second for longer than the burst.
    let flood = """
      i=0; while test $i -lt 120; do \
      head -c 65536 /dev/zero | tr '\\0' 'x' | sed 's/.*/\\r&/' | tr -d '\\n' >&2; i=$((i+1)); \
      done; printf '\\nfinished\\n' >&2; \(ScreenTests.waiting)
      """
    let place = try Workspace(Samples.chain(flood, "true", "true"))
    try await onThread {
      let terminal = try TerminalSession(directory: place.path)
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("finished")
      let line = terminal.screen().split(separator: "\n").first { $0.contains("finished") } ?? ""
      #expect(!line.contains("x"), "\(line)")
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
    }
  }
}
