import JSONValue
import Posix
import Testing

@testable import Runner

@Suite final class WorkflowConfigurationTests {
  private let place: String

  init() throws {
    place = try Files.makeTemporaryDirectory(prefix: "hflow-runner-test-")
  }

  deinit {
    Files.removeTree(place)
  }

  private func write(_ text: String, to name: String) throws {
    try Files.write(Array(text.utf8), to: Files.join(place, name))
  }

  @Test(arguments: [
    ("workflow.config.foo.json", "foo"), ("workflow.config.a.b.json", "a.b"),
    ("workflow.config..json", ""), ("workflow.config.json.json", "json"),
    ("workflow.config.json", nil), ("workflow.config.foo.json.bak", nil),
    ("my.workflow.config.foo.json", nil), ("workflow.config.json5", nil),
  ])
  func `a file name determines the member`(file: String, member: String?) {
    #expect(WorkflowConfiguration.memberName(file) == member)
  }

  @Test func `own files override the main file, the engine's values override all`() {
    let main: JSON = ["foo": 1, "bar": ["x": 1], "workdir": "elsewhere"]
    let merged = WorkflowConfiguration.merge(
      main: main.object ?? JSONObject(), members: [("foo", [2]), ("emulate", true)],
      directory: "/wf")
    let expected: JSON = ["foo": [2], "bar": ["x": 1], "workdir": "/wf", "emulate": "false"]
    #expect(JSON.object(merged) == expected)
  }

  @Test func `the files of a directory are merged`() throws {
    try write(#"{"main": true}"#, to: "workflow.config.json")
    try write("[1, 2]", to: "workflow.config.list.json")
    try write("null", to: "workflow.config.nothing.json")
    try write("not looked at", to: "workflow.config.js")
    let reading = WorkflowConfiguration.read(directory: place)
    #expect(reading.findings == [])
    let expected: JSON = [
      "main": true, "list": [1, 2], "nothing": nil, "emulate": "false", "workdir": .string(place),
    ]
    #expect(JSON.object(reading.appConfig) == expected)
  }

  @Test func `without files there are only the engine's values`() {
    let reading = WorkflowConfiguration.read(directory: place)
    let expected: JSON = ["emulate": "false", "workdir": .string(place)]
    #expect(JSON.object(reading.appConfig) == expected)
  }

  @Test func `an error names the file and the position`() throws {
    try write("{\n  \"a\": 1,\n  b\n}", to: "workflow.config.a.json")
    try write("7", to: "workflow.config.json")
    try Files.makeDirectory(Files.join(place, "workflow.config.z.json"))
    let reading = WorkflowConfiguration.read(directory: place)
    #expect(
      reading.findings.map(\.description) == [
        "workflow.config.a.json: line 3, column 3: unexpected 'b', expected a key in double quotes",
        "workflow.config.json: expected an object, found a number",
        "workflow.config.z.json: Is a directory",
      ])
  }

  @Test func `an invalid configuration file makes the workflow invalid`() throws {
    try write(#"{"processes":[],"signals":[],"ins":[],"outs":[]}"#, to: "workflow.json")
    try write("{", to: "workflow.config.json")
    let checked = try WorkflowFile.findings(Files.join(place, "workflow.json"), variables: [:])
    #expect(checked.workflow == nil)
    #expect(checked.errors.count == 1)
    #expect(checked.errors.first?.hasPrefix("workflow.config.json: line 1, column 2: ") == true)
    #expect(checked.warnings == ["workflow.json: processes: empty, there is nothing to run"])
  }
}
