import Engine
import JobProtocol
import Testing
import Workflow

@testable import CLI

/// The clock and the events of a replay.
struct ReplayTests {
  private let range = 1_000_000...1_100_000

  @Test func `the position advances with the speed`() {
    var clock = ReplayClock(range: range, speed: 2, at: 500)
    #expect(clock.position(at: 500) == 1_000_000)
    #expect(clock.position(at: 1_500) == 1_002_000)
    clock.setSpeed(10, at: 1_500)
    #expect(clock.position(at: 2_500) == 1_012_000)
    clock.setSpeed(0.5, at: 2_500)
    #expect(clock.position(at: 3_500) == 1_012_500)
  }

  @Test func `a paused replay stands still, and a replay stops at the end`() {
    var clock = ReplayClock(range: range, speed: 1, at: 0)
    clock.pause(at: 4_000)
    #expect(clock.position(at: 90_000) == 1_004_000)
    clock.pause(at: 90_000)
    #expect(clock.position(at: 91_000) == 1_005_000)
    #expect(clock.position(at: 1_000_000) == 1_100_000)
    #expect(clock.isAtEnd(at: 1_000_000))
  }

  @Test func `continuing at the end starts again from the beginning`() {
    var clock = ReplayClock(range: range, speed: 1, at: 0)
    clock.pause(at: 500_000)
    #expect(clock.position(at: 500_000) == 1_000_000)
    #expect(clock.position(at: 501_000) == 1_001_000)
  }

  @Test(arguments: [(1_050_000, 1_050_000), (0, 1_000_000), (.max, 1_100_000)])
  func `seeking is limited to the range`(place: Int, position: Int) {
    var clock = ReplayClock(range: range, speed: 1, at: 0)
    clock.pause(at: 0)
    clock.seek(to: place, at: 7)
    #expect(clock.position(at: 9_999) == position)
  }

  @Test(arguments: [(0, 1.0), (90_000, 1), (91_000, 2), (600_000, 8), (36_000_000, 512)])
  func `a long run takes about a minute`(length: Int, speed: Double) {
    #expect(ReplayClock.defaultSpeed(length: length) == speed)
  }

  // MARK: Events

  private func player() throws -> ReplayPlayer {
    let text =
      #"{"processes": [{"name": "a", "function": "command", "firingLimit": 2, "#
      + #""ins": [], "outs": []}], "signals": [], "ins": [], "outs": []}"#
    let workflow = try #require(Workflow.read(Array(text.utf8), variables: [:]).workflow)
    let first = AttemptID(FiringID(ProcessID(number: 1), 1), 1)
    let second = AttemptID(FiringID(ProcessID(number: 1), 2), 1)
    let changes: [(Int, RunEvent.Change)] = [
      (1000, .runStarted(RunInfo(run: "r", name: "n", directory: "/", invoker: "pool"))),
      (1000, .taskFired(first.firing, consumed: [:])), (1010, .jobSubmitted(first)),
      (2000, .jobFinished(first, .failed(.exit(1)), JobUsage(), outputs: nil)),
      (2000, .runSettled(.failed, blocked: [])), (2001, .runFinished(.failed)),
      (900_000, .taskFired(second.firing, consumed: [:])),
      (900_100, .jobSubmitted(second)),
    ]
    return ReplayPlayer(changes.map { RunEvent(time: $0, $1) }, of: workflow)
  }

  @Test func `the usual speed depends on the time in which something ran`() throws {
    // The run was active for a second, and closed for nearly all of the rest.
    #expect((1000...1100).contains(try player().busyMilliseconds))
  }

  @Test func `each event is played once`() throws {
    var player = try player()
    #expect(player.range == 1000...900_100)
    #expect(player.play(until: 999).isEmpty)
    #expect(player.play(until: 1010).count == 3)
    #expect(player.play(until: 1010).isEmpty)
    #expect(player.state.counts[.queued] == 1)
    #expect(player.play(until: .max).count == 5)
  }

  @Test func `seeking back and forth gives the same state`() throws {
    var player = try player()
    _ = player.play(until: .max)
    let end = player.state.counts
    player.rewind(to: 1010)
    #expect(player.state.counts[.queued] == 1)
    #expect(player.state.eventCount == 3)
    _ = player.play(until: .max)
    #expect(player.state.counts == end)
  }

  @Test func `idle time can be skipped`() throws {
    var player = try player()
    _ = player.play(until: 1500)
    #expect(player.endOfIdlePeriod(after: 1500, longerThan: 100) == nil)
    _ = player.play(until: 3000)
    #expect(player.endOfIdlePeriod(after: 3000, longerThan: 2000) == 900_000)
    #expect(player.endOfIdlePeriod(after: 899_000, longerThan: 2000) == nil)
  }
}
