import Glibc
import JSONValue
import Posix
import Testing

/// What users do with the screen, from the first key to the last.
@Suite(.timeLimit(.minutes(5))) struct UserStoryTests {
  /// `clean` fails unless MODE is set; `plot` needs it.
  private static let climate = Samples.workflow(
    [
      Samples.job("fetch", "echo fetched", ins: #""s""#, outs: #""raw""#),
      Samples.job(
        "clean", "echo reading; test \"$MODE\" = strict || { echo ERROR: no mode >&2; exit 4; }",
        ins: #""raw""#, outs: #""clean""#),
      Samples.job("stats", "echo mean", ins: #""raw""#, outs: #""st""#),
      Samples.job("plot", "echo plotted; touch plot.png", ins: #""clean", "st""#, outs: ""),
    ],
    signals: #"{"name": "s", "data": [{}]}, {"name": "raw"}, {"name": "clean"}, {"name": "st"}"#,
    name: "climate")

  @Test func `a user finds a failure, reads why, edits, retries and sees it succeed`() async throws
  {
    try await TerminalSession.run(Self.climate) { terminal, place in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("failed, open")
      // Shows what failed, and what waits for it.
      try terminal.press("F")
      terminal.waitFor("1× exit 4")
      terminal.waitFor("1 waits for them: plot")
      // Shows why: the task's output, and why another task waits.
      try terminal.press("Escape", "/")
      try terminal.type("plot")
      terminal.waitFor("1 of 4")
      try terminal.press("Enter")
      terminal.waitFor("9 Detail · plot:1")
      terminal.waitFor("✘ clean:1")
      try terminal.press("Escape", "Escape", "/")
      try terminal.type("state:failed")
      terminal.waitFor("1 of 4")
      terminal.waitFor("ERROR: no mode")
      // Edits the environment; the form shows first what will run again.
      try terminal.press("Enter", "e")
      terminal.waitFor("Edit and retry clean:1")
      try terminal.press("Tab", "Tab")
      try terminal.type("MODE=loose")
      terminal.waitFor("2  exit 4")
      try terminal.press("e")
      terminal.waitFor("MODE=loose")
      try terminal.press("Tab", "Tab", "End", "C-u")
      for _ in 0..<5 { try terminal.press("BSpace") }
      try terminal.press("M", "O", "D", "E", "=", "s", "t", "r", "i", "c", "t")
      terminal.waitFor("+ MODE=strict")
      terminal.waitFor("then runs: plot")
      try terminal.press("Enter")
      terminal.waitFor("✔ succeeded")
      #expect(Files.exists("\(place.path)/plot.png"))
      // The shown task is still this one, with all its attempts.
      terminal.waitFor("9 Detail · clean:1")
      terminal.waitFor("MODE=strict")
      try terminal.press("Escape", "q")
      terminal.waitFor("EXIT:0")
      terminal.waitFor("climate")
    }
  }

  @Test func `a second terminal shows the same run and its changes`() async throws {
    let job = "echo from here; \(ScreenTests.waiting)"
    try await TerminalSession.run(Samples.chain(job, "echo second", "true")) { terminal, place in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("begun")
      let other = try TerminalSession(columns: 120, rows: 32, directory: place.path)
      try other.type("hflow-tui watch; echo EXIT:$?")
      other.waitFor("begun")
      try other.press(":")
      try other.type("hold c:1")
      terminal.waitFor("‖ c:1")
      other.waitFor("‖ c:1")
      try place.write("", to: "go")
      // Both screens show the same text, except for the running time.
      #expect(
        eventually("both show the same") {
          let screens = [terminal, other].map { $0.screen().split(separator: "\n").dropFirst() }
          let (one, two) = (screens[0].dropLast(), screens[1].dropLast())
          return one == two && one.contains { $0.contains("2/3") }
        })
      try terminal.press(":")
      try terminal.type("release c:1")
      for each in [terminal, other] {
        each.waitFor("✔ succeeded")
        each.waitFor("3/3")
      }
      for each in [terminal, other] {
        try each.press("q")
        each.waitFor("EXIT:0")
      }
    }
  }

  @Test func `detaching and watching again loses no line`() async throws {
    // The job writes while no screen is attached.
    let job = """
      i=0; while ! test -e go; do i=$((i+1)); echo line $i of it; \
      test $i -lt 400 || sleep 0.05; done; echo $i > count; echo the end
      """
    try await TerminalSession.run(Samples.chain(job, "true", "true")) { terminal, place in
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("line 4")
      try terminal.press("q", "d")
      terminal.waitFor("EXIT:0")
      terminal.waitFor("is still running after")
      try place.write("", to: "go")
      #expect(
        eventually("it ends with nobody there") {
          !place.text("count").isEmpty && place.processes().isEmpty
        })
      try terminal.type("clear; hflow-tui watch last; echo AGAIN:$?")
      terminal.waitFor("✔ succeeded")
      try terminal.press("/")
      try terminal.type("a:1")
      terminal.waitFor("1 of 3")
      terminal.waitFor("the end")
      try terminal.press("3", "W")
      terminal.waitFor("save as")
      try terminal.press("C-u")
      try terminal.type("saved")
      #expect(
        eventually("the log is saved") {
          place.text("saved").hasSuffix("the end\n")
        })
      let last = try #require(Int(place.text("count").dropLast()))
      let expected = (1...last).map { "line \($0) of it\n" }.joined() + "the end\n"
      #expect(place.text("saved") == expected)
      try terminal.press("q")
      terminal.waitFor("AGAIN:0")
    }
  }

  @Test func `after the screen was killed and the terminal reset, watch works`() async throws {
    try await TerminalSession.run(Samples.chain(ScreenTests.waiting, "true", "touch last")) {
      terminal, place in
      try terminal.type("hflow-tui run . & echo $! > pid; fg; code=$?")
      terminal.waitFor("begun")
      kill(try #require(Int32(place.text("pid").dropLast())), SIGKILL)
      // The shell may print its prompt before the guardian has left the alternate screen.
      #expect(
        eventually("the shell is back") {
          try? terminal.type("echo EXIT:$code")
          return terminal.screen().contains("EXIT:137")
        })
      try terminal.type("reset; clear; stty -a > after; echo us''able")
      terminal.waitFor("usable")
      #expect(place.text("after").contains(" echo "), "it shows what is typed")
      try terminal.type("clear; hflow-tui watch; echo AGAIN:$?")
      terminal.waitFor("▶ running")
      terminal.waitFor("begun")
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      #expect(Files.exists("\(place.path)/last"))
      try terminal.press("q")
      terminal.waitFor("AGAIN:0")
    }
  }

  @Test(arguments: ["", " --plain"])
  func `a suspended screen continues in a terminal of another size`(plain: String) async throws {
    try await TerminalSession.run(Samples.chain(ScreenTests.waiting, "true", "true")) {
      terminal, place in
      try terminal.type("stty -a | tail -n +2 > before; hflow-tui run .\(plain); echo EXIT:$?")
      // In plain mode, output is printed only while the log has the focus.
      terminal.waitFor(plain.isEmpty ? "begun" : "0/3")
      for (columns, rows) in [(90, 24), (130, 40)] {
        try terminal.press("C-z")
        terminal.waitFor("Stopped")
        try terminal.resize(columns: columns, rows: rows)
        try terminal.type("stty -a | tail -n +2 > stopped; clear; echo the shell w''orks")
        terminal.waitFor("the shell works")
        #expect(
          eventually("the shell has its terminal as it was") {
            place.text("stopped") == place.text("before")
          })
        try terminal.type("rm stopped; clear; fg; echo AGAIN:$?")
        if !plain.isEmpty {
          terminal.waitFor("hflow-tui run . --plain")
          try terminal.press("C-l")
          terminal.waitFor("0/3")
        } else {
          #expect(
            eventually("the whole of it is used") {
              let lines = terminal.screen().split(separator: "\n", omittingEmptySubsequences: false)
              return lines.count >= rows - 1 && lines[rows - 2].hasPrefix("╰")
                && lines[rows - 2].count == columns
            })
        }
      }
      // The screen gets keys again.
      try terminal.press("p")
      terminal.waitFor("paused")
      try terminal.press("p")
      terminal.waitFor("continue")
      try place.write("", to: "go")
      terminal.waitFor(plain.isEmpty ? "3/3" : ": 3 succeeded")
      try terminal.press("q")
      terminal.waitFor("AGAIN:0")
    }
  }
}
