import Glibc
import Posix
import Testing

/// `--on-finish`: a command runs when a run ends, with or without watchers.
@Suite struct OnFinishTests {
  private static let command =
    #"echo "$HFLOW_NAME $HFLOW_STATUS $(test -n "$HFLOW_RUN" && echo run)" >> told"#

  @Test func `a headless run runs the command at its end`() async throws {
    let place = try Workspace(Samples.chain("true", "exit 3", "true"))
    let result = try await Program.run(
      ["run", place.path, "--headless", "--on-finish", Self.command], directory: place.path)
    #expect(result.exitCode == 1)
    #expect(place.text("told") == "sample failed run\n")
  }

  @Test func `a detached run runs the command although nobody watches`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let result = try await Program.run(
      ["run", place.path, "--detach", "--on-finish", Self.command], directory: place.path)
    #expect(result.exitCode == 0)
    try await onThread {
      #expect(eventually("it was told") { place.text("told") == "sample succeeded run\n" })
      #expect(eventually("the run has closed") { place.processes().isEmpty })
    }
  }

  @Test func `the command runs again after a retry of a closed run`() async throws {
    let place = try Workspace(Samples.chain("true", "test -e good", "true"))
    let run = try await Program.run(
      ["run", place.path, "--headless", "--on-finish", Self.command], directory: place.path)
    #expect(run.exitCode == 1)
    try place.write("", to: "good")
    let retry = try await Program.run(
      ["retry", "-C", place.path, "last", "--failed"], directory: place.path)
    #expect(retry.exitCode == 0, "\(retry.errors)")
    try await onThread {
      let both = "sample failed run\nsample succeeded run\n"
      #expect(eventually("it was told again") { place.text("told") == both })
      #expect(eventually("the run has closed") { place.processes().isEmpty })
    }
  }

  @Test(arguments: [["--headless"], ["--detach"]])
  func `a resumed run keeps the command`(how: [String]) async throws {
    let place = try Workspace(
      Samples.chain("touch begun; until test -e gate; do sleep 0.1; done", "true", "true"))
    _ = try await Program.run(
      ["run", place.path, "--headless", "--on-finish", Self.command], directory: place.path
    ) { engine in
      _ = eventually("a job has begun") { Files.exists(Files.join(place.path, "begun")) }
      engine.send(SIGKILL)
    }
    try place.write("", to: "gate")
    let resume = try await Program.run(
      ["resume", "-C", place.path] + how, directory: place.path)
    #expect(resume.exitCode == 0, "\(resume.errors)")
    try await onThread {
      #expect(eventually("it was told") { place.text("told") == "sample succeeded run\n" })
      #expect(eventually("the run has closed") { place.processes().isEmpty })
    }
  }
}
