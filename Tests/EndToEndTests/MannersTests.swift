import Glibc
import Posix
import Testing

/// What users expect of every program in a terminal: suspending and continuing, several terminals,
/// all kinds of terminals, and lines if no screen is possible.
@Suite struct MannersTests {
  private static let waiting = ScreenTests.waiting

  @Test func `Ctrl-Z returns to the shell and fg to the screen`() async throws {
    try await TerminalSession.run(Samples.chain(Self.waiting, "true", "true")) { terminal, place in
      try terminal.type("stty -a > before; hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("begun")
      try terminal.press("C-z")
      terminal.waitFor("Stopped")
      try terminal.type("stty -a > stopped; clear; echo the shell w''orks")
      terminal.waitFor("the shell works")
      #expect(place.text("stopped") == place.text("before"))
      #expect(!terminal.screen().contains("╭"))
      try terminal.type("fg; echo AGAIN:$?")
      terminal.waitFor("3 Log · a:1")
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      try terminal.press("q")
      terminal.waitFor("AGAIN:0")
    }
  }

  @Test func `two terminals show the effects of each other's keys`() async throws {
    try await TerminalSession.run(Samples.chain(Self.waiting, "true", "true")) { terminal, place in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("begun")
      let other = try TerminalSession(columns: 80, rows: 24, directory: place.path)
      try other.type("hflow-tui watch; echo EXIT:$?")
      other.waitFor("running")
      try other.press("p")
      terminal.waitFor("paused")
      other.waitFor("paused")
      try terminal.press("p")
      other.waitUntilGone("paused")
      try other.press("q", "d")
      other.waitFor("EXIT:0")
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
    }
  }

  @Test func `after many size changes the screen has the last size`() async throws {
    try await TerminalSession.run(Samples.chain(Self.waiting, "true", "true")) { terminal, place in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("begun")
      for step in 0..<60 {
        try terminal.resize(columns: 60 + (step * 37) % 160, rows: 10 + (step * 13) % 50)
      }
      try terminal.resize(columns: 100, rows: 24)
      let corner = eventually("the last size is drawn") {
        let lines = terminal.screen().split(separator: "\n", omittingEmptySubsequences: false)
        return lines.count >= 23 && lines[22].hasPrefix("╰") && lines[22].count == 100
      }
      #expect(corner)
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
    }
  }

  @Test(arguments: ["vt100", "linux", "screen", "tmux-256color", "xterm"])
  func `terminals of all kinds show the screen`(type: String) async throws {
    try await TerminalSession.run(
      Samples.chain(Self.waiting, "true", "true"), columns: 80, rows: 24
    ) {
      terminal, place in
      try terminal.type("TERM=\(type) hflow-tui run . --ascii; echo EXIT:$?")
      terminal.waitFor("begun")
      terminal.waitFor("2 Tasks - all 3")
      try terminal.press("3")
      terminal.waitFor("3 Log - a:1")
      try place.write("", to: "go")
      terminal.waitFor("d succeeded")
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
    }
  }

  @Test func `without an alternate screen the summary begins on its own row`() async throws {
    try await TerminalSession.run(Samples.chain("true", "true", "true"), columns: 80, rows: 24) {
      terminal, _ in
      try terminal.type("TERM=vt100 hflow-tui run . --ascii; echo EXIT:$?")
      terminal.waitFor("d succeeded")
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
      let rows = terminal.screen().split(separator: "\n")
      #expect(rows.contains { $0.hasPrefix("sample ") && $0.hasSuffix(": 3 succeeded") })
    }
  }

  @Test func `a terminal that cannot show a screen gets a message and lines`() async throws {
    let script = "\(Self.waiting); echo no such star >&2; exit 3"
    try await TerminalSession.run(Samples.chain("true", script, "true")) { terminal, place in
      try terminal.type("TERM=dumb hflow-tui run .; echo EXIT:$?")
      terminal.waitFor(#"the terminal type "dumb" cannot show a screen"#)
      // Events before the switch are printed as a state, not one by one.
      terminal.waitFor("2 Tasks")
      try place.write("", to: "go")
      terminal.waitFor("failed     b:1  exit 3: no such star")
      try terminal.press("q")
      terminal.waitFor("Leave?")
      try terminal.press("q")
      terminal.waitFor("EXIT:1")
    }
  }

  @Test func `P prints what the screen shows, and switches back`() async throws {
    try await TerminalSession.run(Samples.chain(Self.waiting, "true", "true")) { terminal, place in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("3 Log · a:1")
      try terminal.press("P")
      terminal.waitUntilGone("╭")
      terminal.waitFor("2 Tasks · all 3")
      try terminal.press("Down")
      terminal.waitFor("waiting b:1 waits for x")
      try terminal.press("P")
      terminal.waitFor("3 Log")
      terminal.waitFor("╭")
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
    }
  }

  @Test func `a pipe gets lines until the run ends`() async throws {
    let place = try Workspace(Samples.chain(Self.waiting, "true", "true"))
    let started = try await Program.run(
      ["run", place.path, "--detach"], directory: place.path)
    #expect(started.exitCode == 0)
    let watched = try await Program.run(["watch"], directory: place.path) { _ in
      try? place.write("", to: "go")
    }
    #expect(watched.exitCode == 0, "\(watched.errors)")
    #expect(watched.output.contains("sample"))
    #expect(watched.output.contains("3 succeeded"))
    #expect(!watched.output.contains("\u{1B}"))
    try await onThread {
      #expect(eventually("the run has closed") { place.processes().isEmpty })
    }
  }

  @Test func `a command is typed and recalled`() async throws {
    try await TerminalSession.run(Samples.chain(Self.waiting, "true", "true")) { terminal, place in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("begun")
      try terminal.press(":", "p", "a", "u", "Tab", "Enter")
      terminal.waitFor("‖ paused")
      try terminal.press(":", "c", "o", "n", "t", "Enter")
      terminal.waitFor("▶ running")
      try terminal.press(":", "Up", "Up")
      terminal.waitFor(":pause")
      try terminal.press("Escape")
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
    }
  }
}
