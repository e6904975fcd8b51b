import Engine
import JSONValue
import JobProtocol
import Testing
import Workflow

/// The rows of the tables of `ProcessMachine` and `DataflowProcess`, through the whole machine.
@Suite struct DataflowTests {
  @Test func `a process fires when every input has an instance`() throws {
    var run = try Scenario(
      workflow(
        [process("join", ins: #"["a", "b"]"#, outs: "[]", #""firingLimit": 1"#)],
        signals: #"[{"name": "a", "data": [1]}, {"name": "b"}]"#))
    #expect(run.work.isEmpty)
    run.feed(.signal(SignalID(number: 2), .bare))
    #expect(run.work.map(\.attempt) == [run.attempt("join")])
  }

  @Test func `inputs reach the function in ascending signal id`() throws {
    let run = try Scenario(
      workflow(
        [process("p", ins: #"["b", "a"]"#, outs: "[]")],
        signals: #"[{"name": "a", "data": ["x"]}, {"name": "b", "data": ["y"]}]"#))
    let inputs = try #require(run.work.first).inputs
    #expect(inputs.map(\.signal.number) == [1, 2])
    #expect(inputs.map { $0.instances.map(\.datum) } == [["x"], ["y"]])
  }

  @Test func `a counted input consumes its count and leaves the rest`() throws {
    let run = try Scenario(
      workflow(
        [process("sum", ins: #"["n:3"]"#, outs: "[]", #""parlevel": 0"#)],
        signals: #"[{"name": "n", "data": [1, 2, 3, 4, 5, 6, 7]}]"#))
    #expect(
      run.work.map { $0.inputs[0].instances.compactMap(\.datum) } == [[1, 2, 3], [4, 5, 6]])
    #expect(run.state.processes[0].queued == [1])
  }

  @Test func `without parlevel one firing runs at a time`() throws {
    var run = try Scenario(
      workflow(
        [process("p", ins: #"["n"]"#, outs: "[]")], signals: #"[{"name": "n", "data": [1, 2, 3]}]"#)
    )
    #expect(run.work.count == 1)
    #expect(run.runAll() == [run.firing("p", 1), run.firing("p", 2), run.firing("p", 3)])
  }

  @Test(arguments: [(2, 2), (3, 3), (0, 5)])
  func `parlevel limits simultaneous firings, and 0 means no limit`(
    parlevel: Int, expected: Int
  ) throws {
    let run = try Scenario(
      workflow(
        [process("p", ins: #"["n"]"#, outs: "[]", "\"parlevel\": \(parlevel)")],
        signals: #"[{"name": "n", "data": [1, 2, 3, 4, 5]}]"#))
    #expect(run.work.count == expected)
  }

  @Test func `after the firing limit instances stay queued`() throws {
    var run = try Scenario(
      workflow(
        [process("p", ins: #"["n"]"#, outs: "[]", #""firingLimit": 2, "parlevel": 0"#)],
        signals: #"[{"name": "n", "data": [1, 2, 3, 4]}]"#))
    #expect(run.runAll().count == 2)
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `a sticky input keeps its last value for every firing`() throws {
    var run = try Scenario(
      workflow(
        [process("p", ins: #"["n", "s"]"#, outs: "[]", #""sticky": ["s"]"#)],
        signals: #"[{"name": "n", "data": [1, 2]}, {"name": "s", "data": ["old"]}]"#))
    let first = try run.nextWork()
    run.feed(.signal(SignalID(number: 2), .data(["new"])))
    run.finish(first.attempt)
    let second = try run.nextWork()
    #expect(first.inputs.map { $0.instances.compactMap(\.datum) } == [[1], ["old"]])
    #expect(second.inputs.map { $0.instances.compactMap(\.datum) } == [[2], ["new"]])
    run.finish(second.attempt)
    #expect(run.work.isEmpty)
  }

  @Test func `each firing consumes a next input, which the function does not get`() throws {
    var run = try Scenario(
      workflow(
        [process("p", ins: #"["n", "go"]"#, outs: "[]")],
        signals: #"[{"name": "n", "data": [1, 2]}, {"name": "go", "control": "next"}]"#))
    #expect(run.work.isEmpty)
    run.feed(.signal(SignalID(number: 2), .bare))
    let work = try run.nextWork()
    #expect(work.inputs.map(\.signal.number) == [1])
    run.finish(work.attempt)
    #expect(run.work.isEmpty)
  }

  @Test func `a done input finishes the process`() throws {
    var run = try Scenario(
      workflow(
        [process("p", ins: #"["n", "end"]"#, outs: "[]")],
        signals: #"[{"name": "n", "data": [1, 2, 3]}, {"name": "end", "control": "done"}]"#))
    let first = try run.nextWork()
    run.feed(.signal(SignalID(number: 2), .bare))
    run.finish(first.attempt)
    #expect(run.work.isEmpty)
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `several producers of a signal feed its consumer`() throws {
    var run = try Scenario(
      workflow(
        [
          process("a", ins: "[]", outs: #"["x"]"#, #""firingLimit": 1"#),
          process("b", ins: "[]", outs: #"["x"]"#, #""firingLimit": 1"#),
          process("c", ins: #"["x"]"#, outs: "[]"),
        ], signals: #"[{"name": "x"}]"#))
    #expect(run.runAll().filter { $0.process == run.process("c") }.count == 2)
  }

  @Test func `every consumer of a signal gets its own instance`() throws {
    var run = try Scenario(
      workflow(
        [process("a", ins: #"["x"]"#, outs: "[]"), process("b", ins: #"["x"]"#, outs: "[]")],
        signals: #"[{"name": "x", "data": [1]}]"#))
    #expect(Set(run.runAll()) == [run.firing("a"), run.firing("b")])
  }

  @Test func `a cycle runs until its limit`() throws {
    var run = try Scenario(
      workflow(
        [
          process("ping", ins: #"["a"]"#, outs: #"["b"]"#, #""firingLimit": 5"#),
          process("pong", ins: #"["b"]"#, outs: #"["a"]"#),
        ], signals: #"[{"name": "a", "data": [1]}, {"name": "b"}]"#))
    #expect(run.runAll().count == 10)
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `a cycle that was never started is blocked, alone or with others`() throws {
    let ring = [
      process("ping", ins: #"["a"]"#, outs: #"["b"]"#),
      process("pong", ins: #"["b"]"#, outs: #"["a"]"#),
    ]
    let signals = #"[{"name": "a"}, {"name": "b"}]"#
    let alone = try Scenario(workflow(ring, signals: signals))
    #expect(alone.settled?.status == .blocked)
    #expect(alone.settled?.blocked.map(\.process.number) == [1, 2])
    var beside = try Scenario(
      workflow(ring + [process("only", ins: "[]", outs: "[]")], signals: signals))
    _ = beside.runAll()
    #expect(beside.settled?.status == .blocked)
  }

  @Test func `a cycle behind a branch that was not taken is not blocked`() throws {
    var run = try Scenario(
      workflow(
        [
          process("choose", ins: #"["s"]"#, outs: #"["x", "y"]"#, #""type": "choice""#),
          process("ping", ins: #"["x"]"#, outs: #"["b"]"#),
          process("pong", ins: #"["b"]"#, outs: #"["x"]"#),
        ],
        signals: #"[{"name": "s", "data": [1]}, {"name": "x"}, {"name": "y"}, {"name": "b"}]"#),
      jobs: false)
    let work = try run.nextWork()
    run.feed(.finished(work.attempt, .succeeded, JobUsage(), outputs: [.nothing, .data([1])]))
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `a source fires at the start up to its limit, once without a limit`() throws {
    var run = try Scenario(
      workflow(
        [
          process("limited", ins: "[]", outs: "[]", #""firingLimit": 3"#),
          process("once", ins: "[]", outs: "[]"),
        ], signals: "[]"))
    let ran = run.runAll()
    #expect(ran.filter { $0.process == run.process("limited") }.count == 3)
    #expect(ran.filter { $0.process == run.process("once") }.count == 1)
  }

  @Test func `a source with an interval waits between firings`() throws {
    var run = try Scenario(
      workflow(
        [process("p", ins: "[]", outs: "[]", #""firingLimit": 2, "firingInterval": 70"#)],
        signals: "[]"))
    run.runAll()
    #expect(run.commands.last == .wait(run.process("p"), until: run.time + 70))
    #expect(run.settled == nil)
    run.feed(.intervalPassed(run.process("p")))
    #expect(run.runAll().count == 1)
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `data has one instance for each element, and none for an empty list`() throws {
    var run = try Scenario(
      workflow(
        [
          process("split", ins: "[]", outs: #"["x", "y"]"#, #""firingLimit": 1"#),
          process("use", ins: #"["x"]"#, outs: "[]", #""parlevel": 0"#),
          process("never", ins: #"["y"]"#, outs: "[]"),
        ], signals: #"[{"name": "x"}, {"name": "y"}]"#))
    let work = try run.nextWork()
    run.finish(work.attempt, outputs: [.data([1, 2, 3]), .data([])])
    #expect(
      run.work.map(\.attempt.firing.process) == Array(repeating: run.process("use"), count: 3))
  }

  @Test func `ordering sends outputs in the order of firings`() throws {
    var run = try Scenario(
      workflow(
        [
          process(
            "p", ins: #"["n"]"#, outs: #"["x"]"#, #""parlevel": 0, "ordering": "true""#),
          process("q", ins: #"["x:3"]"#, outs: "[]"),
        ], signals: #"[{"name": "n", "data": [1, 2, 3]}, {"name": "x"}]"#))
    for number in [3, 2, 1] {
      run.finish(run.attempt("p", number), outputs: [.data([.int(number)])])
    }
    let last = try #require(run.work.last)
    #expect(last.attempt == run.attempt("q"))
    #expect(last.inputs[0].instances.compactMap(\.datum) == [1, 2, 3])
  }

  @Test func `a count output says how many instances belong together`() throws {
    var run = try Scenario(
      workflow(
        [
          process("gen", ins: "[]", outs: #"["x:c"]"#, #""firingLimit": 1"#),
          process("sum", ins: #"["x:c"]"#, outs: "[]", #""firingLimit": 1"#),
        ], signals: #"[{"name": "x"}, {"name": "c", "control": "count"}]"#))
    run.finish(try run.nextWork().attempt, outputs: [.data([5, 6, 7, 8])])
    let sum = try run.nextWork()
    #expect(sum.inputs.map(\.signal.number) == [1])
    #expect(sum.inputs[0].instances.compactMap(\.datum) == [5, 6, 7, 8])
  }
}
