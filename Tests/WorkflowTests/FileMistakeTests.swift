import Testing
import Workflow

@Suite struct FileMistakeTests {
  static let files = [
    Mistake("", "error: the file is empty, expected a workflow as JSON"),
    Mistake(" \n\t\u{0}", "error: the file is empty, expected a workflow as JSON"),
    Mistake("[]", "error: expected an object with processes and signals, found an array"),
    Mistake("null", "error: expected an object with processes and signals, found null"),
    Mistake("hello", "error: line 1, column 1: unexpected 'h', expected a value"),
    Mistake(
      "{\n  \"name\": \"x\"\n  \"ins\"",
      "error: line 3, column 3: unexpected '\"', expected ',' or '}'"),
    Mistake(
      "\u{7F}ELF\u{2}\u{1}", "error: line 1, column 1: unexpected byte 0x7f, expected a value"),
    Mistake(
      "{}",
      "error: processes: missing, expected an array", "error: signals: missing, expected an array",
      "error: ins: missing, expected an array of signals ([] for none)",
      "error: outs: missing, expected an array of signals ([] for none)"),
    Mistake(
      #"{"processes":{},"signals":"x","ins":0,"outs":null}"#,
      "error: processes: expected an array, found an object",
      #"error: signals: expected an array, found "x""#,
      "error: ins: expected an array of signals, found 0",
      "error: outs: missing, expected an array of signals ([] for none)"),
    Mistake(
      file("", rest: #""ins":[],"outs":[]"#), "warning: processes: empty, there is nothing to run"),
    Mistake(
      file(
        #"{"name":"p","function":"f","ins":[0],"outs":[]}"#,
        rest: #""ins":[],"outs":[],"tasks":[1]"#),
      #"warning: tasks: not read, because there is "processes" too"#),
    Mistake(
      file(
        #"{"name":"p","function":"f","ins":[0],"outs":[]}"#,
        rest: #""ins":[],"outs":[],"name":[]"#),
      "error: name: expected a string, found an array"),
    Mistake(
      file(
        #"{"name":"p","function":"f","ins":[0],"outs":[]}"#,
        rest:
          #""ins":[],"outs":[],"functions":[7,{"module":"m"},{"name":1},"#
          + #"{"name":"f","module":[]}]"#),
      "error: functions[0]: expected an object, found 7",
      "warning: functions[1].name: missing, so nothing can use this module",
      "error: functions[2].name: expected a string, found 1",
      "error: functions[3].module: expected a string, found an array"),
    Mistake(
      file(
        #"{"name":"p","function":"f","ins":[0],"outs":[]}"#,
        rest: #""ins":[],"outs":[],"functions":{}"#),
      "error: functions: expected an array, found an object"),
  ]

  static let signals = [
    Mistake(
      file("", signals: "5", rest: #""ins":[],"outs":[]"#),
      "error: signals[0]: expected an object, found 5"),
    Mistake(
      file("", signals: #"{"name":true}"#, rest: #""ins":[],"outs":[]"#),
      "error: signals[0].name: expected a string or a number, found true"),
    Mistake(
      file(
        "", signals: #"{"name":"a","data":{"v":1}},{"name":"b","data":"x"}"#,
        rest: #""ins":[],"outs":[]"#),
      "error: signals[0].data: expected an array, found an object",
      #"error: signals[1].data: expected an array, found "x""#),
    Mistake(
      file("", signals: #"{"name":"a","control":3}"#, rest: #""ins":[],"outs":[]"#),
      "error: signals[0].control: expected next, done, count or merge, found 3"),
    Mistake(
      process("").replacing(#"{"name":"c"}"#, with: #"{"name":"next","control":"true"}"#),
      #"warning: signals[2].control: "true" is no kind of control signal, so nothing sends it or"#
        + #" waits for it; expected next, done, count or merge"#
    ),
    Mistake(
      process("").replacing(#"{"name":"c"}"#, with: #"{"name":"n","control":"next","data":[1]}"#),
      "warning: signals[2].data: starts a control signal: HyperFlow takes these instances for"
        + " values, here they control"
    ),
    Mistake(
      process("").replacing(
        #"{"name":"c"}"#, with: #"{"name":"c","remoteSinks":[{"uri":"http://h"}]}"#),
      "warning: signals[2].remoteSinks: HyperFlow sends each instance to these addresses, too; here"
        + " nothing is sent to them"
    ),
  ]

  @Test(arguments: files + signals)
  func `an error in the file is one line`(mistake: Mistake) {
    #expect(lines(mistake.text) == mistake.lines)
  }

  @Test func `a workflow exists exactly if no finding is an error`() {
    let good = Workflow.read(Array(process(#""type":"task""#).utf8), variables: [:])
    #expect(good.workflow != nil)
    #expect(good.findings.map(\.severity) == [.warning])
    let bad = Workflow.read(Array(process(#""type":1"#).utf8), variables: [:])
    #expect(bad.workflow == nil)
  }

  @Test func `messages quote the file safely and shortened`() {
    #expect(
      lines(process("", ins: "[\"\\u001b[2Jx\"]"))
        == [#"error: processes[0].ins[0]: no signal named "\u{1B}[2Jx""#])
    let long = String(repeating: "y", count: 500)
    #expect(
      lines(process("", ins: "[\"\(long)\"]"))
        == ["error: processes[0].ins[0]: no signal named \"\(long.prefix(57))…\""])
  }

  @Test func `many findings are limited and counted, errors before warnings`() {
    let warning = #"{"name":"p","function":"f","type":"x","ins":[0],"outs":[]}"#
    let error = #"{"name":"p","function":"f","ins":[9],"outs":[]}"#
    let flood = Array(repeating: warning, count: 60) + Array(repeating: error, count: 7)
    let found = lines(file(flood.joined(separator: ",")))
    #expect(found.count == 51)
    #expect(found.filter { $0.hasPrefix("error: processes") }.count == 7)
    #expect(found.last == "warning: … and 17 more")

    let errors = lines(file(Array(repeating: error, count: 1_234).joined(separator: ",")))
    #expect(errors.count == 51)
    #expect(
      errors.first == "error: processes[0].ins[0]: no signal with index 9: there are 3, from 0 to 2"
    )
    #expect(errors.last == "error: … and 1184 more")
  }
}
