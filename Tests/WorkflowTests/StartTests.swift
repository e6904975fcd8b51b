import Testing
import Workflow

/// Findings about processes that can never start.
@Suite struct StartTests {
  private static func process(
    _ name: String, ins: String, outs: String, _ more: String = ""
  ) -> String {
    let keys = more.isEmpty ? "" : ", \(more)"
    return #"{"name": "\#(name)", "function": "f", "ins": \#(ins), "outs": \#(outs)\#(keys)}"#
  }

  private static func signals(_ names: String..., with data: String = "") -> String {
    (names.map { #"{"name": "\#($0)"}"# } + (data.isEmpty ? [] : [data])).joined(separator: ",")
  }

  private func lines(
    _ processes: [String], signals: String, ins: String = "[]"
  ) -> [String] {
    WorkflowTests.lines(
      file(
        processes.joined(separator: ","), signals: signals, rest: #""ins": \#(ins), "outs": []"#))
  }

  private static let ring = [
    process("a", ins: #"["x"]"#, outs: #"["y"]"#), process("b", ins: #"["y"]"#, outs: #"["x"]"#),
  ]
  private static let nothing =
    "warning: processes: nothing can start: each process waits for a signal that is never sent"

  @Test func `a cycle that was never started and a workflow without a start are warnings`() {
    #expect(
      lines(Self.ring, signals: Self.signals("x", "y")) == [
        "warning: processes[0].ins[0]: nothing starts this cycle: "
          + #""a" → "b" → "a"; give one of its signals data"#,
        Self.nothing,
      ])
  }

  @Test func `a cycle with data on one of its signals has no warning`() {
    #expect(lines(Self.ring, signals: #"{"name": "x", "data": [1]}, {"name": "y"}"#) == [])
  }

  @Test func `the warning says if run -s would start the process`() {
    #expect(
      lines(Self.ring, signals: Self.signals("x", "y"), ins: #"["x"]"#) == [
        "warning: processes[0].ins[0]: nothing starts this cycle: "
          + #""a" → "b" → "a"; give one of its signals data, or run with -s"#
      ])
  }

  @Test func `a process that waits for itself is a cycle`() {
    let itself = Self.process("p", ins: #"["x"]"#, outs: #"["x"]"#)
    #expect(
      lines([itself], signals: Self.signals("x")).first
        == "warning: processes[0].ins[0]: nothing starts this cycle: "
        + #""p" → "p"; give one of its signals data"#)
  }

  @Test func `processes behind a cycle are not reported, other cycles are`() {
    let after = Self.process("after", ins: #"["y"]"#, outs: "[]")
    let other = Self.process("z", ins: #"["z"]"#, outs: #"["z"]"#)
    let start = Self.process("start", ins: "[]", outs: "[]")
    let found = lines([after] + Self.ring + [other, start], signals: Self.signals("x", "y", "z"))
    #expect(found.count == 2)
    #expect(found[0].contains(#""a" → "b" → "a""#))
    #expect(found[1].contains(#""z" → "z""#))
  }

  @Test func `a cycle whose input has no producer is reported at that input`() {
    let seeded = [
      Self.process(
        "a", ins: #"["x", "seed"]"#, outs: #"["y"]"#, #""type": "join", "joinCount": 1"#),
      Self.process("b", ins: #"["y"]"#, outs: #"["x"]"#),
    ]
    let found = lines(seeded, signals: Self.signals("x", "y", "seed"))
    #expect(found.count == 2)
    #expect(found[0].contains(#"nothing produces "seed""#))
    #expect(found[1] == Self.nothing)
  }

  @Test(arguments: [
    // Branches, control signals, counts and types that do not need all of their inputs.
    [
      process("go", ins: "[]", outs: #"["x"]"#),
      process("j", ins: #"["x", "y"]"#, outs: #"["y"]"#, #""type": "join", "joinCount": 1"#),
    ],
    [
      process("go", ins: "[]", outs: #"["x"]"#),
      process("f", ins: #"["x", "y"]"#, outs: #"["o", "y"]"#, #""type": "foreach""#),
    ],
    [
      process("go", ins: #"["d"]"#, outs: #"["x"]"#), process("p", ins: #"["x"]"#, outs: #"["d"]"#),
    ],
  ])
  func `a process that can start has no warning`(processes: [String]) {
    #expect(
      lines(
        processes,
        signals: Self.signals("x", "y", "o", with: #"{"name": "d", "control": "done"}"#)) == [])
  }

  @Test func `fewer data than one firing consumes never start a process`() {
    let sum = Self.process("sum", ins: #"["n:3"]"#, outs: "[]")
    #expect(
      lines([sum], signals: #"{"name": "n", "data": [1, 2]}"#) == [
        #"warning: processes[0].ins[0]: nothing produces "n" and it has data for 2 of 3: the "#
          + "process never fires", Self.nothing,
      ])
    #expect(lines([sum], signals: #"{"name": "n", "data": [1, 2, 3]}"#) == [])
    #expect(
      lines([sum], signals: #"{"name": "n", "data": [1, 2]}"#, ins: #"["n"]"#) == [
        #"warning: processes[0].ins[0]: nothing produces "n" and it has data for 2 of 3: the "#
          + "process waits until it is sent (run with -s)"
      ])
  }

  @Test func `a long cycle is cut`() throws {
    let count = 5000
    let ring = (0..<count).map {
      Self.process("p\($0)", ins: "[\($0)]", outs: "[\(($0 + 1) % count)]")
    }
    let names = (0..<count).map { #"{"name": "s\#($0)"}"# }.joined(separator: ",")
    let found = lines(ring, signals: names)
    #expect(found.count == 2)
    #expect(found[0].contains(#": "p0" → "p1" → "p2" → "p3" → … → "p0"; give"#))
  }

  @Test func `many producers, consumers and inputs take linear time`() throws {
    let count = 3000
    let producers = (0..<count).map { Self.process("a\($0)", ins: "[0]", outs: "[1, \($0 + 2)]") }
    let consumers = (0..<count).map { Self.process("b\($0)", ins: "[1]", outs: "[0]") }
    let all = (0..<count).map { "\($0 + 2)" }.joined(separator: ",")
    let join = Self.process("join", ins: "[\(all)]", outs: "[]")
    let names = (0..<count).map { #"{"name": "s\#($0)"}"# }.joined(separator: ",")
    let text = #"{"name": "x", "data": [1]}, {"name": "y"}, \#(names)"#
    #expect(lines(producers + consumers + [join], signals: text) == [])
  }
}
