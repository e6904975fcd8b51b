import Testing
import Workflow

/// Which signals of a process are files: each row of the table in `DeclaredFiles`.
struct DeclaredFilesTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let config: String
    var attributes = ""
    let inputs: [String]
    let outputs: [String]
    var testDescription: String { config + attributes }
  }

  /// `in.txt` and `out.txt` are the signals; `x` does not name a file.
  static let rows = [
    Row(config: exec(#""cat""#, #""in.txt""#), inputs: ["in.txt"], outputs: []),
    Row(config: exec(#""sort""#, #""--output=out.txt""#), inputs: [], outputs: ["out.txt"]),
    Row(config: exec(#""cat""#, "", #""stdout": "out.txt""#), inputs: [], outputs: ["out.txt"]),
    Row(
      config: exec(#""cat""#, "", #""stderrAppend": "out.txt""#), inputs: [], outputs: ["out.txt"]),
    Row(config: exec(#""true""#, ""), inputs: [], outputs: []),
    Row(
      config: exec(#""true""#, ""), attributes: #", "workflow_output": true"#, inputs: [],
      outputs: ["out.txt"]),
    Row(
      config: exec(#""true""#, ""), attributes: #", "workflow_output": false"#, inputs: [],
      outputs: []),
    Row(
      config: exec(#""true""#, ""), attributes: #", "file": true"#, inputs: [], outputs: ["out.txt"]
    ),
    Row(
      config: exec(#""cp""#, #""in.txt", "out.txt""#), attributes: #", "file": false"#,
      inputs: ["in.txt"], outputs: []),
    Row(
      config: exec(#""true""#, "") + #", "files": ["out.txt", "tool.py"]"#, inputs: ["tool.py"],
      outputs: ["out.txt"]),
    Row(
      config: exec(#""true""#, "") + #", "files": true"#, inputs: ["in.txt"], outputs: ["out.txt"]),
    Row(
      config: exec(#""cp""#, #""in.txt", "out.txt""#) + #", "files": false"#, inputs: [],
      outputs: []),
    Row(
      config: exec(#""sh""#, #""-c", "tr a b <in.txt >out.txt""#), inputs: ["in.txt"],
      outputs: ["out.txt"]),
    Row(
      config: exec(#""tr a b <in.txt >'out.txt'""#, ""), inputs: ["in.txt"], outputs: ["out.txt"]),
    Row(
      config: exec(#""sh""#, #""-c", "cd there && cp in.txt out.txt""#), inputs: [], outputs: []),
  ]

  private static func exec(_ program: String, _ arguments: String, _ more: String = "") -> String {
    let rest = more.isEmpty ? "" : ", \(more)"
    return #""executor": {"executable": \#(program), "args": [\#(arguments)]\#(rest)}"#
  }

  @Test(arguments: rows) func `a signal is a file or not`(row: Row) throws {
    let text = file(
      #"{"name":"p","function":"f","ins":["in.txt"],"outs":["out.txt"],"config":{\#(row.config)}}"#,
      signals: #"{"name":"in.txt","data":[{}]},{"name":"out.txt"\#(row.attributes)}"#)
    let workflow = try workflow(text)
    let process = workflow.processes[0]
    let files = DeclaredFiles(of: process, firing: 1, command: process.command, in: workflow)
    #expect(files.inputs.map(\.name) == row.inputs)
    #expect(files.outputs.map { workflow[$0].name } == row.outputs)
  }

  @Test(arguments: ["7", "-x"]) func `a number or an option does not name a file`(name: String)
    throws
  {
    let text = file(
      #"""
      {"name":"p","function":"f","ins":["\#(name)"],"outs":[],
       "config":{"executor":{"executable":"echo","args":["\#(name)"]}}}
      """#, signals: #"{"name":"\#(name)","data":[{}]}"#)
    let workflow = try workflow(text)
    let process = workflow.processes[0]
    #expect(
      DeclaredFiles(of: process, firing: 1, command: process.command, in: workflow).isEmpty)
  }

  @Test func `two processes that write one file are a finding, appending ones are not`() throws {
    func process(_ name: String, _ stream: String) -> String {
      #"""
      {"name":"\#(name)","function":"f","ins":["a"],"outs":[],
       "config":{"executor":{"executable":"echo",\#(stream)}}}
      """#
    }
    let twice = try workflow(
      file(process("p", #""stdout":"o.txt""#) + "," + process("q", #""stderr":"./o.txt""#)))
    #expect(
      twice.fileFindings().map(\.description) == [
        #"processes[1].config.executor: writes "./o.txt", as "p" does "#
          + "(processes[0].config.executor): the last one wins; give one of them another file"
      ])
    let fine = try workflow(
      file(
        process("p", #""stdoutAppend":"o.txt""#) + "," + process("q", #""stdoutAppend":"o.txt""#)
          + "," + process("r", #""stdout":"/dev/null""#) + ","
          + process("s", #""stdout":"/dev/null""#)
          + "," + process("t", #""stdout":"o.txt","work_dir":"there""#)))
    #expect(fine.fileFindings().isEmpty)
  }

  @Test func `keys of the wrong kind are findings`() throws {
    let wrong = try workflow(process(#""config":{"files":[1],"checkFiles":"yes"}"#))
    #expect(
      wrong.fileFindings().map(\.path) == [
        "processes[0].config.checkFiles", "processes[0].config.files",
      ])
  }
}
