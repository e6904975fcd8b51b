import Engine
import JSONValue
import JobProtocol
import Testing
import Workflow

/// The inputs of the executed work, as `signal: data`.
private func inputs(_ work: Work, in run: Scenario) -> [String: [JSON]] {
  Dictionary(
    uniqueKeysWithValues: work.inputs.map {
      (run.machine.workflow[$0.signal].name, $0.instances.compactMap(\.datum))
    })
}

private func signal(_ name: String, of run: Scenario) -> SignalID {
  run.machine.workflow.signals.first { $0.name == name }?.id ?? SignalID(number: 0)
}

/// What was sent on a signal by firings, in order.
private func sent(_ name: String, by run: Scenario) -> [PortValue] {
  run.events.compactMap { event in
    guard case .signalSent(signal(name, of: run), let value, _) = event.change else { return nil }
    return value
  }
}

/// The rows of `ChoiceProcess`'s table.
@Suite struct ChoiceTests {
  private func scenario() throws -> Scenario {
    try Scenario(
      workflow(
        [process("c", ins: #"["a"]"#, outs: #"["x", "y", "m"]"#, #""type": "choice""#)],
        signals: """
          [{"name": "a", "data": [1]}, {"name": "x"}, {"name": "y"},
           {"name": "m", "control": "merge"}]
          """))
  }

  @Test(
    arguments: [
      ([.data([5]), .nothing], [.data([5])], [], 1), ([.nothing, .bare], [], [.bare], 1),
      ([.data([1]), .data([2])], [.data([1])], [.data([2])], 2),
      (nil, [.bare], [.bare], 2),
    ] as [([PortValue]?, [PortValue], [PortValue], Int)])
  func `a choice sends only chosen outputs, and merge has their number`(
    outputs: [PortValue]?, x: [PortValue], y: [PortValue], count: Int
  ) throws {
    var run = try scenario()
    run.finish(run.attempt("c"), outputs: outputs)
    #expect(sent("x", by: run) == x)
    #expect(sent("y", by: run) == y)
    #expect(sent("m", by: run) == [.data([["Nb": .int(count), "Nj": .int(count)]])])
  }

  @Test(arguments: [[.nothing, .nothing], [.data([]), .nothing]] as [[PortValue]])
  func `a choice that chooses nothing sends no merge`(outputs: [PortValue]) throws {
    var run = try scenario()
    run.finish(run.attempt("c"), outputs: outputs)
    #expect(sent("m", by: run) == [])
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `merge is sent before the branches`() throws {
    var run = try scenario()
    run.finish(run.attempt("c"), outputs: [.bare, .bare])
    let order = run.events.compactMap { event -> String? in
      guard case .signalSent(let id, _, source: .some) = event.change else { return nil }
      return run.machine.workflow[id].name
    }
    #expect(order == ["m", "x", "y"])
  }

  @Test func `a choice waits for its next input, too`() throws {
    var run = try Scenario(
      workflow(
        [process("c", ins: #"["a", "n"]"#, outs: #"["x"]"#, #""type": "choice""#)],
        signals: #"[{"name": "a", "data": [1]}, {"name": "x"}, {"name": "n", "control": "next"}]"#))
    #expect(run.work.isEmpty)
    run.feed(.signal(signal("n", of: run), .bare))
    #expect(run.work.map(\.attempt) == [run.attempt("c")])
  }
}

/// The rows of `JoinProcess`'s table.
@Suite struct JoinTests {
  private func scenario(_ more: String, merge: Bool = false) throws -> Scenario {
    try Scenario(
      workflow(
        [
          process(
            "j", ins: merge ? #"["b1", "b2", "b3", "m"]"# : #"["b1", "b2"]"#, outs: "[]",
            #""type": "join""# + more)
        ],
        signals: """
          [{"name": "b1"}, {"name": "b2"}, {"name": "b3"}, {"name": "m", "control": "merge"}]
          """))
  }

  /// Feeds branches by their numbers, each instance numbered by its place.
  private func feed(_ branches: [Int], to run: inout Scenario) {
    for (place, branch) in branches.enumerated() {
      run.feed(.signal(SignalID(number: branch), .data([.int(place)])))
    }
  }

  private func firings(of run: inout Scenario) -> [[String: [JSON]]] {
    var all: [[String: [JSON]]] = []
    while let work = run.work.first {
      _ = try? run.nextWork()
      all.append(inputs(work, in: run))
      run.finish(work.attempt)
    }
    return all
  }

  @Test func `without counts a join waits for all branches`() throws {
    var run = try scenario("")
    feed([1, 1], to: &run)
    #expect(run.work.isEmpty)
    feed([2], to: &run)
    #expect(firings(of: &run) == [["b1": [0], "b2": [0]]])
  }

  @Test func `a join fires on the first branch and discards the late one`() throws {
    var run = try scenario(#", "joinCount": 1, "activeBranchesCount": 2"#)
    feed([2, 2, 2, 1, 1, 1, 1, 2], to: &run)
    #expect(
      firings(of: &run) == [["b2": [0]], ["b2": [1]], ["b2": [2]], ["b1": [6]]])
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `a late branch completes its round and starts the next`() throws {
    var run = try scenario(#", "joinCount": 1, "activeBranchesCount": 2"#)
    feed([2], to: &run)
    #expect(firings(of: &run) == [["b2": [0]]])
    feed([2], to: &run)
    #expect(run.work.isEmpty)
    feed([1], to: &run)
    #expect(firings(of: &run) == [["b2": [0]]])
  }

  @Test func `merge sets the number of branches in a round`() throws {
    var run = try scenario("", merge: true)
    let merge = signal("m", of: run)
    run.feed(.signal(merge, .data([["Nb": 1, "Nj": 1]])))
    run.feed(.signal(merge, .data([["Nb": 2, "Nj": 2]])))
    feed([3, 1], to: &run)
    #expect(firings(of: &run) == [["b3": [0]]])
    feed([2], to: &run)
    #expect(firings(of: &run) == [["b1": [1], "b2": [0]]])
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `branches that arrive before their merge wait for it`() throws {
    var run = try scenario("", merge: true)
    feed([1], to: &run)
    #expect(run.work.isEmpty)
    run.feed(.signal(signal("m", of: run), .data([["Nb": 1, "Nj": 1]])))
    #expect(firings(of: &run) == [["b1": [0]]])
  }

  @Test(
    arguments: [
      [:], ["Nb": 0, "Nj": 0], ["Nb": -5, "Nj": 99], ["Nb": "x"], ["Nb": 4_000_000_000],
    ] as [JSON])
  func `an invalid merge is limited to the number of branches`(datum: JSON) throws {
    var run = try scenario("", merge: true)
    run.feed(.signal(signal("m", of: run), .data([datum])))
    feed([1, 2, 3], to: &run)
    #expect(!firings(of: &run).isEmpty)
  }

  @Test func `a branch that is not taken blocks nothing`() throws {
    let run = try Scenario(
      workflow(
        [
          process("c", ins: #"["a"]"#, outs: #"["x", "y", "m"]"#, #""type": "choice""#),
          process("j", ins: #"["x", "y", "m"]"#, outs: #"["z"]"#, #""type": "join""#),
        ],
        signals: """
          [{"name": "a", "data": [1, 2]}, {"name": "x"}, {"name": "y"}, {"name": "z"},
           {"name": "m", "control": "merge"}]
          """))
    var both = run
    both.finish(both.attempt("c", 1), outputs: [.data([1]), .nothing])
    both.finish(both.attempt("j", 1))
    both.finish(both.attempt("c", 2), outputs: [.nothing, .data([2])])
    both.finish(both.attempt("j", 2))
    #expect(both.settled?.status == .succeeded)
    #expect(sent("z", by: both).count == 2)
  }
}

/// The rows of `ForeachProcess`'s table.
@Suite struct ForeachTests {
  private func scenario(_ more: String = "") throws -> Scenario {
    try Scenario(
      workflow(
        [
          process(
            "f", ins: #"["a", "b", "d"]"#, outs: #"["x", "y", "z"]"#, #""type": "foreach""# + more)
        ],
        signals: """
          [{"name": "a"}, {"name": "b"}, {"name": "x"}, {"name": "y"}, {"name": "z"}, {"name": "d"}]
          """))
  }

  @Test func `a foreach consumes inputs in turn, each with its own output`() throws {
    var run = try scenario()
    run.feed(.signal(signal("b", of: run), .data(["B"])))
    #expect(run.work.isEmpty)
    run.feed(.signal(signal("a", of: run), .data(["A"])))
    let first = try run.nextWork()
    #expect(inputs(first, in: run) == ["a": ["A"]])
    #expect(run.work.isEmpty)
    run.finish(first.attempt, outputs: [.data(["X"])])
    #expect(sent("x", by: run) == [.data(["X"])])
    #expect(sent("y", by: run) == [])
    let second = try run.nextWork()
    #expect(inputs(second, in: run) == ["b": ["B"]])
    run.finish(second.attempt)
    #expect(sent("y", by: run) == [.bare])
    #expect(run.state.processes[0].queued == [0, 0, 0])
  }

  @Test func `a foreach is finished after its last input`() throws {
    var run = try scenario()
    for name in ["a", "b", "d", "a"] { run.feed(.signal(signal(name, of: run), .bare)) }
    #expect(run.runAll().count == 3)
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `a foreach is blocked by an input that never arrives`() throws {
    var run = try scenario()
    run.feed(.signal(signal("a", of: run), .bare))
    run.runAll()
    #expect(run.settled?.status == .blocked)
    #expect(run.settled?.blocked.first?.missingInputs.map(\.signal) == [signal("b", of: run)])
  }

  @Test func `a foreach with a larger firing limit starts again`() throws {
    var run = try scenario(#", "firingLimit": 4"#)
    for name in ["a", "b", "d", "a"] { run.feed(.signal(signal(name, of: run), .bare)) }
    #expect(run.runAll().count == 4)
    #expect(sent("x", by: run).count == 2)
  }

  @Test func `a foreach retries a failed firing before the next input`() throws {
    var run = try scenario()
    for name in ["a", "b"] { run.feed(.signal(signal(name, of: run), .bare)) }
    run.finish(run.attempt("f"), .failed(.exit(1)))
    #expect(run.state.processes[0].tasks.count == 1)
    run.retryAllFailed()
    run.finish(run.attempt("f", 1, 2))
    #expect(run.state.processes[0].tasks.count == 2)
  }
}

/// The rows of `SplitterProcess`'s table.
@Suite struct SplitterTests {
  private func scenario(next: Bool, data: String = "[\"abc\"]") throws -> Scenario {
    try Scenario(
      workflow(
        [
          process(
            "s", ins: next ? #"["a", "n"]"# : #"["a"]"#, outs: #"["x", "d"]"#,
            #""type": "splitter""#)
        ],
        signals: """
          [{"name": "a", "data": \(data)}, {"name": "n", "control": "next"}, {"name": "x"},
           {"name": "d", "control": "done"}]
          """))
  }

  @Test func `a splitter sends chunks until there are none, then done`() throws {
    var run = try scenario(next: false)
    for chunk in ["a", "b", "c"] {
      let work = try run.nextWork()
      #expect(inputs(work, in: run) == ["a": ["abc"]])
      run.finish(work.attempt, outputs: [.data([.string(chunk)])])
    }
    #expect(sent("d", by: run) == [])
    run.finish(try run.nextWork().attempt, outputs: [.nothing])
    #expect(sent("x", by: run) == [.data(["a"]), .data(["b"]), .data(["c"])])
    #expect(sent("d", by: run) == [.bare])
    #expect(run.work.isEmpty)
    #expect(run.state.processes[0].queued == [0])
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `a next input requests each chunk`() throws {
    var run = try scenario(next: true)
    for _ in 0..<2 {
      #expect(run.work.isEmpty)
      run.feed(.signal(signal("n", of: run), .bare))
      run.finish(try run.nextWork().attempt, outputs: [.bare])
    }
    #expect(run.work.isEmpty)
  }

  @Test func `after its last chunk a splitter takes the next input`() throws {
    var run = try scenario(next: false, data: "[1, 2]")
    run.finish(try run.nextWork().attempt, outputs: [.nothing])
    #expect(inputs(try run.nextWork(), in: run) == ["a": [2]])
  }

  @Test func `a splitter that is a job sends one chunk`() throws {
    var run = try scenario(next: false)
    run.runAll(limit: 5)
    #expect(sent("x", by: run) == [.bare])
    #expect(sent("d", by: run) == [.bare])
  }
}

/// `done` outputs, of every type.
@Suite struct DoneTests {
  private func scenario(_ more: String, data: String = "[1, 2]") throws -> Scenario {
    try Scenario(
      workflow(
        [
          process("p", ins: #"["a", "stop"]"#, outs: #"["x", "d"]"#, more),
          process("q", ins: #"["x", "d"]"#, outs: "[]"),
        ],
        signals: """
          [{"name": "a", "data": \(data)}, {"name": "x"}, {"name": "d", "control": "done"},
           {"name": "stop", "control": "done"}]
          """))
  }

  @Test func `done is sent once, after the outputs of the last firing`() throws {
    var run = try scenario(#""firingLimit": 2"#)
    #expect(sent("d", by: run) == [])
    run.runAll()
    #expect(sent("d", by: run) == [.bare])
    let last = run.events.compactMap { event -> SignalID? in
      if case .signalSent(let id, _, _) = event.change { id } else { nil }
    }.last
    #expect(last == signal("d", of: run))
  }

  @Test func `a failed firing delays done until it is retried or skipped`() throws {
    var run = try scenario(#""firingLimit": 1"#)
    run.finish(run.attempt("p"), .failed(.exit(1)))
    #expect(sent("d", by: run) == [])
    run.feed(.skip(run.firing("p")))
    #expect(sent("d", by: run) == [.bare])
  }

  @Test func `a done input that arrives while nothing runs sends done at once`() throws {
    var run = try scenario("\"parlevel\": 1", data: "[]")
    run.feed(.signal(signal("stop", of: run), .bare))
    #expect(sent("d", by: run) == [.bare])
    #expect(run.settled?.status == .succeeded)
  }
}
