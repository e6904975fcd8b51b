import Testing

/// `hflow-tui graph`: the workflow drawn for pipes and other programs.
@Suite struct GraphTests {
  @Test(arguments: [
    ("text", "● a\n● b  ← a\n● c  ← b\n"),
    ("layers", "╭───╮\n│ a │\n╰─┬─╯\n  │\n╭─┴─╮\n│ b │\n╰─┬─╯\n  │\n╭─┴─╮\n│ c │\n╰───╯\n"),
    (
      "mermaid",
      "flowchart TD\n  n1[\"a\"]\n  n2[\"b\"]\n  n3[\"c\"]\n"
        + "  n1 -->|\"x\"| n2\n  n2 -->|\"y\"| n3\n"
    ),
  ])
  func `a workflow is drawn`(format: String, expected: String) async throws {
    let place = try Workspace(Samples.chain("true", "true", "true"))
    let result = try await Program.run(["graph", place.path, "--format", format])
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(result.output == expected)
  }

  @Test func `an invalid workflow is not drawn`() async throws {
    let place = try Workspace(
      Samples.workflow(
        [#"{"name": "p", "function": "noop", "ins": [3], "outs": []}"#], signals: ""))
    let result = try await Program.run(["graph", place.path])
    #expect(result.exitCode == 2)
    #expect(
      result.errors
        == "workflow.json: processes[0].ins[0]: no signal with index 3: there are no signals\n")
  }
}
