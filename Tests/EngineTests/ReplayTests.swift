import JSONValue
import JobProtocol
import TestSupport
import Testing
import Workflow

@testable import Engine

/// The machine can be restored from every prefix of the journal.
@Suite struct ReplayTests {
  static func replayed(
    _ scenario: Scenario, upTo count: Int
  ) throws -> RunReplay {
    let machine = RunMachine(
      workflow: scenario.machine.workflow, isJob: scenario.machine.isJob,
      options: scenario.machine.options)
    var replay = RunReplay(machine)
    for event in scenario.events.prefix(count) {
      // As it lies in the journal.
      let line = try JSON(parsing: event.json.text)
      try replay.apply(try #require(RunEvent(line)))
    }
    return replay
  }

  /// After any prefix of turns, the same inputs give the same events.
  static func checkAll(_ scenario: Scenario, from turn: Int) throws {
    let begun = scenario.turns[turn]
    var replay = try replayed(scenario, upTo: begun.eventsBefore)
    #expect(replay.missingEvents.isEmpty)
    var machine = replay.machine
    var events = Array(scenario.events.prefix(begun.eventsBefore))
    for next in scenario.turns[turn...] {
      events += machine.handle(next.input, at: next.time).events
    }
    #expect(events == scenario.events, "from turn \(turn)")
    #expect(machine.outstanding == scenario.machine.outstanding)
    #expect(machine.status == scenario.machine.status)
    replay = try replayed(scenario, upTo: scenario.events.count)
    #expect(replay.machine.outstanding == scenario.machine.outstanding)
  }

  @Test func `a run replayed from any journal prefix gives the same events`() throws {
    var run = try Scenario(TaskTests.chain)
    run.feed(.engineStarted(EngineInfo(host: "h", pid: 1, takeOvers: 0)))
    run.finish(run.attempt("a"), .failed(.exit(1)))
    run.feed(.pause)
    run.feed(.retry(run.firing("a"), JobEdit(arguments: ["x"]), .alone))
    run.feed(.hold(run.firing("b")))
    run.feed(.continue)
    run.finish(run.attempt("a", 1, 2))
    run.feed(.release(run.firing("b")))
    run.finish(run.attempt("b"), .failed(.lost("gone")))
    run.finish(run.attempt("b", 1, 2))
    run.finish(run.attempt("c"))
    run.feed(.retry(run.firing("b"), nil, .downstream))
    run.finish(run.attempt("b", 1, 3))
    run.finish(run.attempt("c", 1, 2))
    run.feed(.close)
    run.feed(.engineStarted(EngineInfo(host: "h", pid: 2, takeOvers: 1)))
    for turn in run.turns.indices { try Self.checkAll(run, from: turn) }
  }

  /// Ten sources of three firings each, and a process that consumes their outputs.
  private static let wide = workflow(
    (0..<10).map {
      process("p\($0)", ins: "[]", outs: #"["x"]"#, #""firingLimit": 3, "parlevel": 0"#)
    } + [process("q", ins: #"["x"]"#, outs: "[]", #""firingLimit": 30, "parlevel": 2"#)],
    signals: #"[{"name": "x"}]"#)

  @Test(arguments: [1, 2, 7, 29, 30])
  func `firing in slices gives the same run`(slice: Int) throws {
    var options = RunMachine.Options()
    var whole = try Scenario(Self.wide, options: options)
    options.firingsAtOnce = slice
    var sliced = try Scenario(Self.wide, options: options, starts: false)
    sliced.proceedsAtOnce = false
    sliced.feed(.start(RunInfo(run: "r", name: "w", directory: "/", invoker: "pool")))
    #expect(sliced.work.count == slice)
    #expect(sliced.machine.mayProceed == (slice < 30))
    while sliced.machine.mayProceed { sliced.feed(.proceed, after: 0) }
    #expect(sliced.events == whole.events)
    whole.runAll()
    sliced.runAll()
    #expect(sliced.events == whole.events)
    #expect(sliced.settled?.status == .succeeded)
    for turn in sliced.turns.indices { try Self.checkAll(sliced, from: turn) }
  }

  @Test func `a journal with another slice size can be replayed`() throws {
    let whole = try Scenario(Self.wide)
    var options = RunMachine.Options()
    options.firingsAtOnce = 4
    var replay = RunReplay(
      RunMachine(
        workflow: whole.machine.workflow, isJob: whole.machine.isJob, options: options))
    for event in whole.events { try replay.apply(event) }
    #expect(replay.missingEvents.isEmpty)
    #expect(replay.machine.outstanding == whole.machine.outstanding)
    #expect(!replay.machine.mayProceed)
  }

  @Test func `a journal that ends within a turn gives the rest of the turn`() throws {
    let run = try Scenario(TaskTests.chain)
    #expect(run.events.count > 2)
    for count in 1..<run.events.count {
      let replay = try Self.replayed(run, upTo: count)
      var machine = replay.machine
      let firings = machine.handle(.proceed, at: run.time).events
      #expect(replay.missingEvents + firings == Array(run.events.dropFirst(count)))
    }
  }

  @Test(arguments: 0..<50)
  func `a journal can be replayed with any number of firings per input`(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    var machine = try Scenario(Self.wide, starts: false).machine
    let start = machine
    var events: [RunEvent] = []
    var work: [AttemptID] = []
    var input = EngineInput.start(RunInfo(run: "r", name: "w", directory: "/", invoker: "pool"))
    for time in 1...1000 where !machine.isSettled {
      let turn = machine.handle(input, at: time, firingAtMost: random.below(3))
      events += turn.events
      for case .execute(let item) in turn.commands { work.append(item.attempt) }
      input =
        work.isEmpty || random.chance(50)
        ? .proceed : .finished(work.removeFirst(), .succeeded, JobUsage(), outputs: nil)
    }
    #expect(machine.status == .succeeded)
    #expect(machine.counts[.succeeded] == 60)
    var replay = RunReplay(start)
    for event in events { try replay.apply(event) }
    #expect(replay.missingEvents.isEmpty)
    #expect(replay.machine.isSettled && replay.machine.counts == machine.counts)
  }

  @Test func `a journal with other events is refused`() throws {
    var run = try Scenario(TaskTests.chain)
    run.finish(run.attempt("a"))
    var replay = RunReplay(
      RunMachine(workflow: run.machine.workflow, isJob: run.machine.isJob))
    #expect(throws: RunReplay.Mismatch.self) {
      for event in run.events.reversed() { try replay.apply(event) }
    }
    var other = RunReplay(
      RunMachine(workflow: run.machine.workflow, isJob: [false, false, false]))
    #expect(throws: RunReplay.Mismatch.self) {
      for event in run.events { try other.apply(event) }
    }
  }
}
