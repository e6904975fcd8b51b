import JSONValue
import Testing

/// `hflow-tui validate`: all findings about workflows.
@Suite struct ValidateTests {
  static let broken = Samples.workflow(
    [
      #"{"name": "p", "function": "noop", "type": "task", "ins": ["foo"], "outs": []}"#,
      #"{"name": "q", "function": "noop", "ins": [], "outs": [7]}"#,
    ], signals: "")

  private func validate(_ place: Workspace, _ arguments: String...) async throws -> Program.Result {
    try await Program.run(["validate"] + arguments, directory: place.path)
  }

  @Test func `a valid workflow is one line`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let result = try await validate(place, ".", "workflow.json")
    #expect(result.exitCode == 0)
    #expect(result.output == "./workflow.json: ok\nworkflow.json: ok\n")
    #expect(result.errors == "")
  }

  @Test func `findings are lines with places, and errors exit with 2`() async throws {
    let place = try Workspace(Self.broken)
    try place.write("{", to: "workflow.config.foo.json")
    let result = try await validate(place, "workflow.json")
    #expect(result.exitCode == 2)
    #expect(
      result.output == """
        workflow.json: processes[0].type: warning: unknown type "task", treated as "dataflow"
        workflow.json: processes[0].ins[0]: no signal named "foo"
        workflow.json: processes[1].outs[0]: no signal with index 7: there are no signals
        workflow.config.foo.json: line 1, column 2: unexpected end of text, \
        expected a key in double quotes

        """)
    #expect(result.errors == "")
  }

  @Test func `warnings alone exit with 0`() async throws {
    let place = try Workspace(Samples.workflow([], signals: ""))
    let result = try await validate(place, ".")
    #expect(result.exitCode == 0)
    #expect(
      result.output == "./workflow.json: processes: warning: empty, there is nothing to run\n")
  }

  @Test func `a missing file does not hide the findings of others`() async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let result = try await validate(place, "nowhere", ".")
    #expect(result.exitCode == 2)
    #expect(
      result.output == """
        nowhere: no such file or directory; give a workflow's directory
        ./workflow.json: ok

        """)
  }

  @Test func `all findings are reported, however many`() async throws {
    let process = #"{"name": "p", "function": "noop", "ins": [1], "outs": []}"#
    let place = try Workspace(
      Samples.workflow(Array(repeating: process, count: 300), signals: ""))
    let result = try await validate(place, ".")
    #expect(result.output.split(separator: "\n").count == 300)
  }

  @Test func `a workflow for Kubernetes is valid for a run with an invoker`() async throws {
    let place = try Workspace(
      Samples.chain("true", "true", "true").replacing(#""command""#, with: #""k8sCommand""#))
    let alone = try await Program.run(["validate", place.path])
    #expect(alone.exitCode == 2)
    let chosen = try await Program.run(["validate", place.path, "--invoker", "pool"])
    #expect(chosen.exitCode == 0, "\(chosen.output)")
  }

  @Test func `variables are given as for a run`() async throws {
    let place = try Workspace(
      Samples.workflow(
        [#"{"name": "{{who}}", "function": "{{function}}", "ins": [], "outs": []}"#], signals: ""))
    let without = try await validate(place, ".")
    #expect(without.exitCode == 2)
    let with = try await validate(place, "--var", "who=me", "--function", "noop", ".")
    #expect(with.exitCode == 0, "\(with.output)")
  }

  @Test func `with --json there is one object for each workflow`() async throws {
    let place = try Workspace(Self.broken)
    try place.write(Samples.chain("true", "true", "true"), to: "good.json")
    let result = try await validate(place, "--json", "good.json", "workflow.json")
    #expect(result.exitCode == 2)
    try #require(result.events.count == 2)
    #expect(result.events[0] == ["file": "good.json", "ok": true, "findings": []])
    #expect(result.events[1]["ok"] == false)
    #expect(
      result.events[1]["findings"]?.array?[1] == [
        "file": "workflow.json", "severity": "error", "path": "processes[0].ins[0]",
        "text": #"no signal named "foo""#,
      ])
  }
}
