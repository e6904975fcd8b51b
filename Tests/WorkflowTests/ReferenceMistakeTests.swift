import Testing
import Workflow

@Suite struct ReferenceMistakeTests {
  static let references = [
    Mistake(process("", ins: #"["foo"]"#), #"error: processes[0].ins[0]: no signal named "foo""#),
    Mistake(
      process("", ins: #"["a"]"#, outs: #"["b","zz9","yy8"]"#),
      #"error: processes[0].outs[1]: no signal named "zz9""#,
      #"error: processes[0].outs[2]: no signal named "yy8""#),
    Mistake(
      file(
        #"{"name":"p","function":"f","ins":["colour"],"outs":[]}"#,
        signals: #"{"name":"color","data":[1]}"#),
      #"error: processes[0].ins[0]: no signal named "colour" (did you mean "color"?)"#),
    Mistake(
      process("", ins: "[3]"),
      "error: processes[0].ins[0]: no signal with index 3: there are 3, from 0 to 2"),
    Mistake(
      process("", ins: "[-1]"),
      "error: processes[0].ins[0]: no signal with index -1: there are 3, from 0 to 2"),
    Mistake(
      process("", ins: "[0.5]"),
      "error: processes[0].ins[0]: expected a signal's name or index, found 0.5"),
    Mistake(
      process("", ins: "[null,{}]"),
      "error: processes[0].ins[0]: expected a signal's name or index, found null",
      "error: processes[0].ins[1]: expected a signal's name or index, found an object"),
    Mistake(
      process("", ins: #"["1"]"#),
      #"error: processes[0].ins[0]: no signal named "1" (a string is a name: write 1 without"#
        + #" quotes for the index)"#
    ),
    Mistake(
      process("", ins: #""a""#), #"error: processes[0].ins: expected an array, found "a""#),
    Mistake(
      process("", outs: "{}"), "error: processes[0].outs: expected an array, found an object"),
    Mistake(
      file(
        #"{"name":"p","function":"f","ins":["x"],"outs":[]}"#,
        signals: #"{"name":"x"},{"name":"y"},{"name":"x"}"#),
      #"error: processes[0].ins[0]: 2 signals are named "x" (signals[0] and signals[2]): rename"#
        + #" them or use the index"#
    ),
  ]

  static let counts = [
    Mistake(
      process("", ins: #"["a:0"]"#),
      "error: processes[0].ins[0]: the count after ':' must be 1 or more, found 0"),
    Mistake(
      process("", ins: #"["a:-2"]"#),
      "error: processes[0].ins[0]: the count after ':' must be 1 or more, found -2"),
    Mistake(
      process("", ins: #"["a:b"]"#),
      #"error: processes[0].ins[0]: "b" counts nothing: its signal needs "control": "count""#),
    Mistake(
      process("", ins: #"["a:xyz"]"#), #"error: processes[0].ins[0]: no signal named "xyz""#),
    Mistake(
      process("", ins: #"["foo:3"]"#), #"error: processes[0].ins[0]: no signal named "foo""#),
    Mistake(
      process("", outs: #"["b:3"]"#),
      "error: processes[0].outs[0]: the count of an output must be a count signal, found 3"),
    Mistake(
      process("", ins: #"["a:2","a:3"]"#),
      "warning: processes[0].ins[1]: another count for the same signal; this one is used",
      #"warning: processes[0].ins[0]: nothing produces "a" and it has data for 1 of 3: the process"#
        + " never fires",
      "warning: processes: nothing can start: each process waits for a signal that is never sent"),
  ]

  static let others = [
    Mistake(
      process(#""sticky":["b"]"#),
      #"warning: processes[0].sticky[0]: "b" is not among the ins"#),
    Mistake(
      process(#""sticky":["foo"]"#), #"error: processes[0].sticky[0]: no signal named "foo""#),
    Mistake(
      process(#""sticky":true"#), "error: processes[0].sticky: expected an array, found true"),
    Mistake(
      file("", rest: #""ins":["foo"],"outs":[9]"#),
      #"error: ins[0]: no signal named "foo""#,
      "error: outs[0]: no signal with index 9: there are 3, from 0 to 2"),
    Mistake(
      process("", ins: #"["a","c"]"#),
      #"warning: processes[0].ins[1]: nothing produces "c" and it has no data: the process never"#
        + #" fires"#,
      "warning: processes: nothing can start: each process waits for a signal that is never sent"
    ),
    Mistake(
      file(
        #"{"name":"p","function":"f","ins":["in"],"outs":[]},"#
          + #"{"name":"q","function":"f","ins":[0],"outs":[]}"#,
        signals: #"{"name":"in","data":[]}"#),
      #"warning: processes[0].ins[0]: nothing produces "in" and it has no data: the process"#
        + #" waits until it is sent (run with -s)"#,
      #"warning: processes[1].ins[0]: nothing produces "in" and it has no data: the process"#
        + #" waits until it is sent (run with -s)"#
    ),
    Mistake(
      file(
        #"{"name":"p","function":"f","ins":["b","a:n"],"outs":["b"]}"#,
        signals: #"{"name":"a","data":[1]},{"name":"b"},{"name":"n","control":"count"}"#),
      #"warning: processes[0].ins[1]: nothing produces "n" and it has no data: the process never"#
        + #" fires"#,
      #"warning: processes[0].ins[0]: nothing starts this cycle: "p" → "p"; give one of its"#
        + " signals data",
      "warning: processes: nothing can start: each process waits for a signal that is never sent"
    ),
    Mistake(
      file(
        #"{"name":"p","function":"f","ins":["a","stop"],"outs":[]}"#,
        signals: #"{"name":"a","data":[1]},{"name":"stop","control":"done"}"#)),
  ]

  @Test(arguments: references + counts + others)
  func `a wrong reference is one line`(mistake: Mistake) {
    #expect(lines(mistake.text) == mistake.lines)
  }

  @Test func `a name with a colon takes precedence over a count`() throws {
    let read = try workflow(
      file(
        #"{"name":"p","function":"f","ins":["a:2","x:y:3"],"outs":[]}"#,
        signals: #"{"name":"a","data":[1]},{"name":"a:2","data":[1]},{"name":"x:y","data":[1]}"#))
    #expect(read.processes[0].inputs.map(\.signal.number) == [2, 3])
    #expect(read.processes[0].inputs.map(\.count) == [.fixed(1), .fixed(3)])
  }

  @Test func `a name made up for display cannot be referred to`() {
    #expect(
      lines(
        file(
          #"{"name":"p","function":"f","ins":["signal 1"],"outs":[]}"#, signals: #"{"data":[1]}"#))
        == [#"error: processes[0].ins[0]: no signal named "signal 1""#])
  }

  @Test func `duplicate names are allowed if only indexes are used`() {
    let text = file(
      #"{"name":"p","function":"f","ins":[0],"outs":[1]}"#,
      signals: #"{"name":"x","data":[1]},{"name":"x"}"#)
    #expect(lines(text) == [])
  }
}
