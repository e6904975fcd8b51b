import JSONValue
import Testing

@testable import Workflow

/// Instances of WfFormat as workflows.
struct WfInstanceTests {
  /// Two tasks read a common file, a third one joins their outputs, a fourth has only a parent.
  static let diamond = #"""
    {"name": "diamond", "schemaVersion": "1.5", "workflow": {
      "specification": {
        "tasks": [
          {"name": "cut_ID0000001", "id": "cut_ID0000001", "parents": [],
           "children": ["join_ID0000003"], "inputFiles": ["raw/in.dat"], "outputFiles": ["a"]},
          {"name": "cut_ID0000002", "id": "cut_ID0000002", "parents": [],
           "children": [], "inputFiles": ["raw/in.dat"], "outputFiles": ["b", "b.log"]},
          {"name": "join_ID0000003", "id": "join_ID0000003", "children": ["mail_ID0000004"],
           "parents": ["cut_ID0000001", "cut_ID0000002"], "inputFiles": ["a", "b"],
           "outputFiles": ["c"]},
          {"name": "mail_ID0000004", "id": "mail_ID0000004", "parents": [], "children": []}],
        "files": [{"id": "raw/in.dat", "sizeInBytes": 120}, {"id": "a", "sizeInBytes": 60}]},
      "execution": {"makespanInSeconds": 9, "executedAt": "2026-01-01T00:00:00Z", "tasks": [
        {"id": "cut_ID0000001", "runtimeInSeconds": 2.5, "coreCount": 2,
         "command": {"program": "/usr/bin/cut", "arguments": ["-c", "{{x}}"]}},
        {"id": "cut_ID0000002", "runtimeInSeconds": 3, "memoryInBytes": 1000000,
         "command": {"program": "/usr/bin/cut"}},
        {"id": "join_ID0000003", "runtimeInSeconds": 0.25,
         "command": {"program": "cat a b \n > c"}},
        {"id": "mail_ID0000004", "runtimeInSeconds": 1, "command": {"program": "mail"}}]}}}
    """#

  private func reading(_ text: String, needsCommands: Bool = false) throws -> WfInstance.Reading {
    try #require(WfInstance.read(Array(text.utf8), needsCommands: needsCommands))
  }

  private func workflow(
    _ text: String = WfInstanceTests.diamond, _ simulation: WfInstance.Simulation? = nil
  ) throws -> Workflow {
    let reading = try reading(text)
    let instance = try #require(reading.instance, "\(reading.findings)")
    let converted = Workflow.read(instance.workflow(simulation: simulation), variables: [:])
    #expect(converted.findings.isEmpty, "\(converted.findings)")
    return try #require(converted.workflow)
  }

  private func names(_ signals: [SignalID], _ workflow: Workflow) -> [String] {
    signals.map { workflow[$0].name }
  }

  @Test func `tasks become processes and files signals`() throws {
    let workflow = try workflow()
    #expect(workflow.name == "diamond")
    #expect(workflow.processes.map(\.name) == ["cut", "cut", "join", "mail"])
    let inputs = workflow.processes.map { names($0.inputs.map(\.signal), workflow) }
    #expect(inputs == [["raw/in.dat"], ["raw/in.dat"], ["a", "b"], ["join_ID0000003"]])
    let outputs = workflow.processes.map { names($0.outputs.map(\.signal), workflow) }
    #expect(outputs == [["a"], ["b", "b.log"], ["join_ID0000003", "c"], []])
    #expect(names(workflow.ins, workflow) == ["raw/in.dat"])
    #expect(names(workflow.outs, workflow) == ["b.log", "c"])
    #expect(workflow.signals.first?.attributes["sizeInBytes"] == 120)
  }

  @Test func `tasks run their commands`() throws {
    let commands = try workflow().processes.compactMap(\.command)
    #expect(commands.map(\.executable) == ["/usr/bin/cut", "/usr/bin/cut", "sh", "mail"])
    // Not a variable of the workflow.
    #expect(commands[0].arguments == ["-c", "{{x}}"])
    #expect(commands[2].arguments == ["-c", "cat a b \n > c"])
    #expect(commands[0].all["cpus"] == 2)
    #expect(commands[1].all["memory"] == 1_000_000)
  }

  @Test func `simulated tasks pause for their recorded times`() throws {
    let simulation = WfInstance.Simulation(speed: 10)
    let commands = try workflow(Self.diamond, simulation).processes.compactMap(\.command)
    #expect(commands.map { $0.arguments[3] } == ["0.250", "0.300", "0.025", "0.100"])
    #expect(commands[1].arguments.dropFirst(4) == ["b", "b.log"])
    #expect(commands[0].all["cpus"] == 2)
    #expect(commands[1].all["memory"] == nil)
    let booked = WfInstance.Simulation(speed: 10, booksMemory: true)
    let second = try workflow(Self.diamond, booked).processes[1].command
    #expect(second?.all["memory"] == 1_000_000)
  }

  @Test(arguments: [
    ("a/b c", "a_b c"), ("..", "_"), ("x\u{0}\ny", "x__y"),
    (String(repeating: "n", count: 300), String(repeating: "n", count: 200)),
  ])
  func `markers stay in their directory`(file: String, name: String) {
    #expect(WfInstance.markerName(file) == name)
  }

  @Test(arguments: [
    ("mProject_ID0000001", "mProject"), ("cpuhog_chain_00000002", "cpuhog_chain"),
    ("NF.CUT", "NF.CUT"), ("chr21", "chr21"), ("17", "17"), ("a-3", "a"), ("_1", "_1"),
  ])
  func `numbers are no part of a stage's name`(task: String, stage: String) {
    #expect(WfInstance.withoutNumber(task) == stage)
  }

  @Test(arguments: [
    (0, "0"), (5, "0.005"), (1000, "1"), (61_250, "61.250"),
  ])
  func `times are seconds`(milliseconds: Int, text: String) {
    #expect(WfInstance.seconds(milliseconds) == text)
  }

  @Test func `a file that several tasks make orders nothing`() throws {
    let text = Self.diamond.replacing(#"["b", "b.log"]"#, with: #"["a", "b"]"#)
    let workflow = try workflow(text)
    let inputs = names(workflow.processes[2].inputs.map(\.signal), workflow)
    #expect(inputs == ["b", "cut_ID0000001"])
  }

  @Test func `a workflow of HyperFlow is no instance`() {
    for text in [
      #"{"processes": [], "signals": [], "ins": [], "outs": []}"#, "", "{",
      #"{"schemaVersion": "1.5"}"#, #"["schemaVersion", "workflow"]"#,
      #"{"schemaVersion": "1.5", "workflow": {}, "processes": []}"#,
    ] {
      #expect(WfInstance.read(Array(text.utf8)) == nil, "\(text)")
    }
  }

  /// Each mistake is one finding at its place.
  @Test(arguments: [
    (
      #""1.5", "workflow""#, #""1.4", "workflow""#, "schemaVersion: expected \"1.5\", found \"1.4\""
    ),
    (#""specification""#, #""spec""#, "workflow.specification: missing"),
    (#""tasks": ["#, #""work": ["#, "workflow.specification.tasks: expected an array"),
    (
      #""id": "cut_ID0000002", "parents""#, #""id": "cut_ID0000001", "parents""#,
      "workflow.specification.tasks[1].id: \"cut_ID0000001\" is the id of another task"
    ),
    (
      #"["mail_ID0000004"]"#, #"["post"]"#,
      "workflow.specification.tasks[2].children[0]: no task with the id \"post\""
    ),
    (
      #""children": ["join_ID0000003"]"#, #""children": ["cut_ID0000001"]"#,
      "workflow.specification.tasks[0].children[0]: \"cut_ID0000001\" is the task itself"
    ),
    (
      #"["a", "b"]"#, #"["a", 7]"#,
      "workflow.specification.tasks[2].inputFiles[1]: expected a name, found 7"
    ),
  ])
  func `mistakes are findings`(old: String, new: String, finding: String) throws {
    let text = try #require(Self.diamond.firstRange(of: old)).replaced(in: Self.diamond, by: new)
    let reading = try reading(text)
    #expect(reading.instance == nil)
    #expect(reading.findings.contains { $0.description.hasPrefix(finding) }, "\(reading.findings)")
  }

  @Test(arguments: [
    (#""runtimeInSeconds": 3"#, #""runtimeInSeconds": "3""#, "workflow.execution.tasks[1]"),
    (#"{"id": "mail_ID0000004", "r"#, #"{"id": "post", "r"#, "workflow.execution.tasks[3].id"),
    (#""sizeInBytes": 60"#, #""sizeInBytes": -1"#, "workflow.specification.files[1].sizeInBytes"),
    (#""name": "diamond""#, #""title": "diamond""#, "name: missing"),
  ])
  func `doubts are warnings`(old: String, new: String, finding: String) throws {
    let text = try #require(Self.diamond.firstRange(of: old)).replaced(in: Self.diamond, by: new)
    let reading = try reading(text)
    #expect(reading.instance != nil)
    #expect(reading.findings.contains { $0.description.hasPrefix(finding) }, "\(reading.findings)")
    #expect(reading.findings.allSatisfy { $0.severity == .warning })
  }

  @Test func `without a command a task can only be simulated`() throws {
    let text = Self.diamond.replacing(#""program": "mail""#, with: #""other": "mail""#)
    #expect(try reading(text).instance != nil)
    let reading = try reading(text, needsCommands: true)
    #expect(reading.instance == nil)
    #expect(reading.findings.first?.text.contains("--simulate") == true)
  }

  @Test func `places of the workflow are those of the instance`() throws {
    let instance = try #require(try reading(Self.diamond).instance)
    #expect(
      instance.place(ofWorkflow: "processes[3].ins") == "workflow.specification.tasks[3].ins")
    #expect(instance.place(ofWorkflow: "signals[0]") == "signals[0]")
  }
}

extension Range<String.Index> {
  fileprivate func replaced(in text: String, by other: String) -> String {
    String(text[..<lowerBound]) + other + text[upperBound...]
  }
}
