import JSONValue
import Posix
import Testing

/// `hflow-tui run --dry-run` prints what would run, and changes nothing.
@Suite struct DryRunTests {
  @Test func `a dry run starts nothing, not even a Redis`() async throws {
    let place = try Workspace(Samples.chain("echo a > x", "true", "true"))
    let result = try await Program.run(
      ["run", place.path, "--dry-run", "--redis", "redis://127.0.0.1:1"],
      environment: ["PATH": "/nowhere"])
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(
      result.output == """
        a (once): sh -c 'echo a > x'
        b (once): sh -c true
        c (once): sh -c true

        """)
    #expect(Files.list(place.path) == ["workflow.json"])
  }

  @Test func `a dry run with --json prints one object for each process`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let result = try await Program.run(["run", place.path, "--dry-run", "--json"])
    #expect(result.events.map { $0["name"] } == ["a", "b", "c"])
    #expect(result.events.first?["command"] == "sh -c true")
  }

  @Test func `an invalid workflow has no plan`() async throws {
    let place = try Workspace("{")
    let result = try await Program.run(["run", place.path, "--dry-run"])
    #expect(result.exitCode == 2)
    #expect(result.output == "")
  }
}
