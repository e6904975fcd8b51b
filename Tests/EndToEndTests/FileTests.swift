import JSONValue
import Posix
import Testing

/// The files that tasks declare, and `run --changed`, from the command line.
@Suite struct FileTests {
  private static func workflow(_ make: String, use: String = "cat a.txt > b.txt") -> String {
    Samples.workflow(
      [
        Samples.job("make", make, ins: #""s""#, outs: #""a.txt""#),
        Samples.job("use", use, ins: #""a.txt""#, outs: #""b.txt""#),
        Samples.job("other", "cp c.txt d.txt", ins: #""c.txt""#, outs: #""d.txt""#),
      ],
      signals: #"""
        {"name": "s", "data": [{}]}, {"name": "a.txt"}, {"name": "b.txt"},
        {"name": "c.txt", "data": [{}]}, {"name": "d.txt"}
        """#)
  }

  private static let lying = Samples.workflow(
    [
      Samples.job("make", "true", ins: #""s""#, outs: #""a.txt""#, #""note": "a.txt""#),
      Samples.job("use", "cat a.txt || true", ins: #""a.txt""#, outs: ""),
    ],
    signals: #"{"name": "s", "data": [{}]}, {"name": "a.txt", "workflow_output": true}"#)

  @Test func `a missing file is a warning in output, summary and report`() async throws {
    let place = try Workspace(Self.lying)
    let result = try await Program.run(["run", place.path, "--headless"])
    #expect(result.exitCode == 0)
    #expect(result.output.contains("succeeded  make:1  warning: output missing: a.txt"))
    #expect(
      result.output.contains(
        "  ! use:1  input missing: a.txt; task make:1 should have made it"))
    let report = try await Program.run(["report", "last", "-C", place.path, "--json"])
    #expect(report.output.contains("output missing: a.txt"))
    let log = try await Program.run(["logs", "last", "make:1", "-C", place.path])
    #expect((log.output + log.errors).contains("warning: output missing: a.txt"))
  }

  @Test func `a missing file fails its task with --check-files`() async throws {
    let place = try Workspace(Self.lying)
    let result = try await Program.run(["run", place.path, "--headless", "--check-files"])
    #expect(result.exitCode == 1)
    #expect(result.output.contains("failed     make:1  missing file: output missing: a.txt"))
  }

  @Test func `config.checkFiles fails a task without an option`() async throws {
    let text = Self.lying.replacing(
      #""config": {"executor""#, with: #""config": {"checkFiles": true, "executor""#)
    let place = try Workspace(text)
    let result = try await Program.run(["run", place.path, "--headless"])
    #expect(result.exitCode == 1)
  }

  @Test func `only what has changed runs again, and each says why`() async throws {
    let place = try Workspace(Self.workflow("echo ran >> make.log; echo a > a.txt"))
    try place.write("c", to: "c.txt")
    func changed(_ more: String...) async throws -> Program.Result {
      try await Program.run(["run", place.path, "--changed", "--headless"] + more)
    }
    let first = try await changed()
    #expect(first.exitCode == 0, "\(first.output)\(first.errors)")
    #expect(first.output.contains("everything runs"))
    let second = try await changed()
    #expect(second.output.contains("nothing to run: 3 processes unchanged"))
    #expect(place.text("make.log") == "ran\n")

    try place.write("longer", to: "c.txt")
    let plan = try await changed("--dry-run")
    #expect(plan.output.contains("  unchanged  make:1\n"))
    #expect(plan.output.contains("  runs       other:1: input c.txt has changed\n"))
    let third = try await changed()
    #expect(third.exitCode == 0, "\(third.output)")
    #expect(third.output.contains("runs: other:1: input c.txt has changed"))
    #expect(place.text("d.txt") == "longer")
    #expect(place.text("make.log") == "ran\n")

    // The unchanged tasks are unchanged since the first run, not known from the third alone.
    Files.remove(place.path + "/a.txt")
    let fourth = try await changed()
    #expect(fourth.output.contains("runs: make:1: output a.txt is missing"))
    #expect(fourth.output.contains("runs: use:1: make:1 runs before it"))
    #expect(!fourth.output.contains("runs: other:1"))
    #expect(place.text("make.log") == "ran\nran\n")

    try place.write(
      Self.workflow("echo ran >> make.log; echo a > a.txt", use: "cat a.txt a.txt > b.txt"),
      to: "workflow.json")
    let fifth = try await changed("--dry-run", "--json")
    #expect(fifth.events.contains { $0["reason"] == "its command has changed" })
    #expect(fifth.events.count { $0["runs"] == true } == 1)
  }

  @Test func `a task that failed runs again, and so does what follows`() async throws {
    let place = try Workspace(Self.workflow("test -e go && echo a > a.txt"))
    try place.write("c", to: "c.txt")
    let first = try await Program.run(["run", place.path, "--headless"])
    #expect(first.exitCode == 1)
    try place.write("", to: "go")
    let second = try await Program.run(["run", place.path, "--headless", "--changed"])
    #expect(second.exitCode == 0, "\(second.output)")
    #expect(second.output.contains("runs: make:1: it did not succeed"))
    #expect(!second.output.contains("runs: other:1"))
  }

  @Test func `two tasks that write one file are a finding`() async throws {
    let place = try Workspace(
      Samples.workflow(
        [
          Samples.job("a", "true", ins: #""s""#, outs: "", #""stdout": "o.txt""#),
          Samples.job("b", "true", ins: #""s""#, outs: "", #""stdout": "o.txt""#),
        ], signals: #"{"name": "s", "data": [{}]}"#))
    let result = try await Program.run(["validate", place.path])
    #expect(result.exitCode == 0)
    #expect(result.output.contains(#"warning: writes "o.txt", as "a" does"#))
  }
}
