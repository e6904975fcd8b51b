import JSONValue
import JobProtocol
import Testing
import Workflow

@testable import Engine

/// The journal decides: it gives the machine back, from every point.
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
      try replay.take(try #require(RunEvent(line)))
    }
    return replay
  }

  /// From the journal up to a turn on, the same inputs give the same events.
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

  @Test func `a chain with failures is the same from every point of its journal`() throws {
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

  @Test func `a journal that ends within a turn gives the rest of the turn`() throws {
    let run = try Scenario(TaskTests.chain)
    #expect(run.events.count > 2)
    for count in 1..<run.events.count {
      let replay = try Self.replayed(run, upTo: count)
      #expect(replay.missingEvents == Array(run.events.dropFirst(count)))
    }
  }

  @Test func `a journal that tells something else is refused`() throws {
    var run = try Scenario(TaskTests.chain)
    run.finish(run.attempt("a"))
    var replay = RunReplay(
      RunMachine(workflow: run.machine.workflow, isJob: run.machine.isJob))
    #expect(throws: RunReplay.Mismatch.self) {
      for event in run.events.reversed() { try replay.take(event) }
    }
    var other = RunReplay(
      RunMachine(workflow: run.machine.workflow, isJob: [false, false, false]))
    #expect(throws: RunReplay.Mismatch.self) {
      for event in run.events { try other.take(event) }
    }
  }
}
