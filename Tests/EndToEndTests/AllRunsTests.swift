import Glibc
import JSONValue
import Posix
import Testing

/// Runs of all directories: `list --all`, and turning between them on the screen.
@Suite(.timeLimit(.minutes(5))) struct AllRunsTests {
  private let state: Workspace

  init() throws { state = try Workspace(Samples.chain("true", "true", "true")) }

  private func hflow(_ directory: String, _ arguments: String...) async throws -> Program.Result {
    try await Program.run(
      arguments, environment: ["XDG_STATE_HOME": "\(state.path)/state"], directory: directory)
  }

  private func runs(_ directory: String) async throws -> [JSON] {
    let list = try await hflow(directory, "list", "--all", "--json")
    return try JSON(parsing: list.output).array ?? []
  }

  @Test func `runs of all directories are listed, with host and directory`() async throws {
    let one = try Workspace(Samples.chain("true", "true", "true"))
    let two = try Workspace(Samples.chain("true", "false", "true"))
    _ = try await hflow(one.path, "run", ".", "--headless")
    _ = try await hflow(two.path, "run", ".", "--headless")
    let all = try await hflow(state.path, "list", "--all")
    #expect(all.exitCode == 0, "\(all)")
    let lines = all.output.split(separator: "\n")
    #expect(lines.count == 3, "\(all.output)")
    #expect(lines[0].contains("host") && lines[0].contains("workflow"))
    #expect(lines[1].contains("failed") && lines[1].contains(Files.realPath(two.path) ?? "?"))
    #expect(lines[2].contains("succeeded") && lines[2].contains(Environment.hostName))
    #expect(try await hflow(state.path, "list").errors.contains("no runs"))
    // Which is found from everywhere, by its id.
    let id = try #require(try await runs("/").first?["run"]?.string)
    #expect(try await hflow(one.path, "list", "--json").output.contains(id) == false)
  }

  @Test func `a removed run and a deleted directory are listed no more`() async throws {
    let one = try Workspace(Samples.chain("true", "true", "true"))
    let two = try Workspace(Samples.chain("true", "true", "true"))
    _ = try await hflow(one.path, "run", ".", "--headless")
    _ = try await hflow(two.path, "run", ".", "--headless")
    _ = try await hflow(one.path, "remove", "last")
    #expect(try await runs("/").count == 1)
    Files.removeTree("\(two.path)/.hflow")
    #expect(try await runs("/").isEmpty)
    #expect(Files.list("\(state.path)/state/hflow-tui/index").isEmpty)
  }

  @Test func `a moved directory is found at its new place once it was listed there`() async throws {
    let one = try Workspace(Samples.chain("true", "true", "true"))
    try Files.makeDirectory("\(one.path)/before")
    try one.write(Samples.chain("true", "true", "true"), to: "before/workflow.json")
    _ = try await hflow("\(one.path)/before", "run", ".", "--headless")
    #expect(rename("\(one.path)/before", "\(one.path)/after") == 0)
    let moved = try await hflow("\(one.path)/after", "list", "--all", "--json").output
    #expect(moved.contains("/after/"))
    #expect(try await runs("/").count == 1)
  }

  @Test func `the screen turns to a run of another directory and back`() async throws {
    let one = try Workspace(Samples.chain("echo first", "false", "true"))
    let two = try Workspace(Samples.chain("echo second", "true", "true"))
    _ = try await hflow(one.path, "run", ".", "--headless")
    _ = try await hflow(two.path, "run", ".", "--headless")
    let path = state.path
    try await onThread {
      let terminal = try TerminalSession(directory: one.path)
      try terminal.type("XDG_STATE_HOME=\(path)/state hflow-tui watch last; echo EXIT:$?")
      terminal.waitFor("closed")
      try terminal.press("2", "G", "Enter")
      terminal.waitFor("9 Detail · a:1")
      try terminal.press("7")
      terminal.waitFor("2 · 0 live")
      try terminal.press("g", "Enter")
      terminal.waitFor("✔ succeeded")
      try terminal.press("7")
      terminal.waitFor("2 · 0 live")
      try terminal.press("j", "Enter")
      terminal.waitFor("✘ failed")
      #expect(terminal.screen().contains("a:1"))
      try terminal.press("q")
      terminal.waitFor("EXIT:1")
    }
  }
}
