import Posix
import Testing

/// Finished runs on the screen.
@Suite(.timeLimit(.minutes(5))) struct ClosedRunScreenTests {
  /// `b` fails unless the file `good` is there.
  private func closedRun() async throws -> Workspace {
    let place = try Workspace(
      Samples.chain("echo first output", "test -e good || { echo missing >&2; exit 3; }", "true"))
    _ = try await Program.run(["run", place.path, "--headless"])
    return place
  }

  @Test func `a retry reopens a closed run for all its watchers`() async throws {
    let place = try await closedRun()
    let one = try TerminalSession(directory: place.path)
    let two = try TerminalSession(directory: place.path)
    try one.type("hflow-tui watch last")
    #expect(one.waitFor("closed"))
    try two.type("hflow-tui watch last")
    #expect(two.waitFor("closed"))
    try place.write("", to: "good")
    try one.press("R")
    #expect(one.waitFor("succeeded"))
    #expect(two.waitFor("3/3"))
    try one.press("q")
    try two.press("q")
    #expect(one.waitFor("3 succeeded"))
    #expect(two.waitFor("3 succeeded"))
    #expect(eventually("nothing stays behind") { place.processes().isEmpty })
  }

  @Test func `reopening a run leaves the screen where it was`() async throws {
    let script = "test -e good || { echo missing $0 >&2; exit 3; }"
    let place = try Workspace(
      Samples.workflow(
        (1...5).map { Samples.job("job\($0)", script, ins: #""s\#($0)""#, outs: "") },
        signals: (1...5).map { #"{"name": "s\#($0)", "data": [{}]}"# }.joined(separator: ", ")))
    _ = try await Program.run(["run", place.path, "--headless"])
    try await onThread {
      let terminal = try TerminalSession(directory: place.path)
      try terminal.type("hflow-tui watch last; echo EXIT:$?")
      terminal.waitFor("closed")
      try terminal.press("/")
      try terminal.type("job cause:exit")
      terminal.waitFor("5 of 5 · /job cause:exit")
      try terminal.press("g", "j", "j", "Enter")
      terminal.waitFor("9 Detail · job3:1")
      try terminal.press("r")
      terminal.waitFor("failed, open")
      terminal.waitFor("2  exit 3")
      #expect(terminal.screen().contains("9 Detail · job3:1"))
      try terminal.press("Escape")
      terminal.waitFor("5 of 5 · /job cause:exit")
      #expect(terminal.screen().contains("3 Log · job3:1"))
      try terminal.press("q", "q")
      terminal.waitFor("EXIT:1")
      #expect(eventually("nothing stays behind") { place.processes().isEmpty })
    }
  }

  @Test func `requests during the engine's start reach the engine`() async throws {
    let script = "test -e good || exit 3; echo $0 >> ran"
    let place = try Workspace(
      Samples.workflow(
        (1...4).map { Samples.job("job\($0)", script, ins: #""s\#($0)""#, outs: "") },
        signals: (1...4).map { #"{"name": "s\#($0)", "data": [{}]}"# }.joined(separator: ", ")))
    _ = try await Program.run(["run", place.path, "--headless"])
    try place.write("", to: "good")
    try await onThread {
      let terminal = try TerminalSession(directory: place.path)
      try terminal.type("hflow-tui watch last; echo EXIT:$?")
      terminal.waitFor("closed")
      terminal.waitFor("job4:1")
      try terminal.pressAtOnce("g", "r", "j", "r", "j", "r")
      terminal.waitFor("3/4")
      try terminal.press("q", "q")
      terminal.waitFor("EXIT:1")
      #expect(eventually("nothing stays behind") { place.processes().isEmpty })
    }
  }

  @Test func `the log begins with output that Redis no longer has`() async throws {
    let script =
      #"i=0; while [ $i -lt 150 ]; do "#
      + #"seq -f "piece $i line %.0f, long enough to fill most of a row" 400; "#
      + "sleep 0.02; i=$((i+1)); done"
    let place = try Workspace(
      Samples.workflow(
        [Samples.job("a", script, ins: #""s""#, outs: "")],
        signals: #"{"name": "s", "data": [{}]}"#))
    _ = try await Program.run(["run", place.path, "--headless"])
    try await onThread {
      let terminal = try TerminalSession(directory: place.path)
      try terminal.type("hflow-tui watch last; echo EXIT:$?")
      terminal.waitFor("closed")
      terminal.waitFor("piece 149 line 400,")
      try terminal.press("3", "f", "g")
      terminal.waitFor("older, from logs-hf/task-")
      terminal.waitFor("piece 0 line 1,")
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
    }
  }

  @Test func `a replay shows the run again`() async throws {
    let place = try await closedRun()
    let terminal = try TerminalSession(directory: place.path)
    try terminal.type("hflow-tui replay last --speed 0.01")
    #expect(terminal.waitFor("replay ▶ ×0.01"))
    #expect(terminal.waitFor("0/3"))
    try terminal.press("Space")
    #expect(terminal.waitFor("replay ‖"))
    try terminal.press(")")
    #expect(terminal.waitFor("the end"))
    #expect(terminal.waitFor("exit 3"))
    try terminal.press("(")
    #expect(terminal.waitFor("0 %"))
    #expect(terminal.waitFor("0/3"))
    try terminal.press("r")
    #expect(terminal.waitFor("a replay cannot change the run"))
    try terminal.press("q")
    #expect(eventually("nothing stays behind") { place.processes().isEmpty })
  }
}
