import Posix
import Testing

/// `--on-finish`: a command when a run ends, whoever watches.
@Suite struct OnFinishTests {
  private static let command =
    #"echo "$HFLOW_NAME $HFLOW_STATUS $(test -n "$HFLOW_RUN" && echo run)" >> told"#

  @Test func `a headless run runs it at its end`() async throws {
    let place = try Workspace(Samples.chain("true", "exit 3", "true"))
    let result = try await Program.run(
      ["run", place.path, "--headless", "--on-finish", Self.command], directory: place.path)
    #expect(result.exitCode == 1)
    #expect(place.text("told") == "sample failed run\n")
  }

  @Test func `a detached run runs it although nobody watches`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let result = try await Program.run(
      ["run", place.path, "--detach", "--on-finish", Self.command], directory: place.path)
    #expect(result.exitCode == 0)
    try await onThread {
      #expect(eventually("it was told") { place.text("told") == "sample succeeded run\n" })
      #expect(eventually("the run has closed") { place.processes().isEmpty })
    }
  }
}
