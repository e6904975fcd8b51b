import Glibc
import JSONValue
import Posix
import Testing

/// The screen of a run whose engine dies.
@Suite(.timeLimit(.minutes(5))) struct EngineGoneTests {
  private func withoutEngine(
    _ body: @escaping @Sendable (TerminalSession, Workspace) throws -> Void
  ) async throws {
    let place = try Workspace(Samples.chain(ScreenTests.waiting, "true", "touch last"))
    try await onThread {
      let terminal = try TerminalSession(directory: place.path)
      try terminal.type("hflow-tui run .; echo EXIT:$?")
      terminal.waitFor("begun")
      try place.killEngine()
      terminal.waitFor("engine died")
      try body(terminal, place)
      try place.write("", to: "go")
      #expect(eventually("the run has closed") { place.processes().isEmpty })
    }
  }

  @Test func `a run without an engine whose directory is deleted leaves no process`() async throws {
    let place = try Workspace(Samples.chain(ScreenTests.waiting, "true", "true"))
    let run = try await Program.run(
      ["run", ".", "--detach"], environment: ["HFLOW_HEARTBEAT": "0.2"], directory: place.path)
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(eventually("its worker runs") { place.processes().count >= 3 })
    try place.killEngine()
    Files.removeTree("\(place.path)/.hflow")
    try place.write("", to: "go")
    #expect(
      eventually("worker and Redis have ended") { place.processes().isEmpty },
      "\(place.processes())")
    #expect(!Files.exists("\(place.path)/.hflow"))
  }

  @Test func `the screen says that the engine died, and resume starts another`() async throws {
    try await withoutEngine { terminal, place in
      try terminal.press("p")
      terminal.waitFor("the engine died")
      try terminal.press(":")
      try terminal.type("resume")
      terminal.waitFor("▶ running")
      #expect(!terminal.screen().contains("engine died"))
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      #expect(Files.exists("\(place.path)/last"))
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
    }
  }

  @Test func `the screen notices an engine that another command starts`() async throws {
    try await withoutEngine { terminal, place in
      let other = try TerminalSession(directory: place.path)
      try other.type("hflow-tui resume --detach; echo EXIT:$?")
      other.waitFor("EXIT:0")
      terminal.waitFor("▶ running")
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      try terminal.press("q")
      terminal.waitFor("EXIT:0")
    }
  }

  @Test func `leaving the screen says how to resume`() async throws {
    try await withoutEngine { terminal, place in
      try terminal.press("q")
      terminal.waitFor("is interrupted after")
      terminal.waitFor("hflow-tui resume")
      terminal.waitFor("EXIT:0")
      try terminal.type("clear; hflow-tui resume; echo AGAIN:$?")
      terminal.waitFor("▶ running")
      terminal.waitFor("begun")
      try place.write("", to: "go")
      terminal.waitFor("✔ succeeded")
      try terminal.press("q")
      terminal.waitFor("AGAIN:0")
    }
  }
}
