import TestSupport
import Testing

@testable import Runner

@Suite struct DeadlinesTests {
  @Test func `due deadlines come in order of time, then of setting`() {
    var deadlines = Deadlines()
    #expect(deadlines.nextTime() == nil)
    deadlines.set(.lease, at: 30)
    deadlines.set(.watchers, at: 10)
    deadlines.set(.completions, at: 30)
    deadlines.set(.node, at: 31)
    #expect(deadlines.nextTime() == 10)
    #expect(deadlines.takeDue(at: 9) == [])
    #expect(deadlines.takeDue(at: 30) == [.watchers, .lease, .completions])
    #expect(deadlines.nextTime() == 31)
    #expect(deadlines.takeDue(at: 30) == [])
  }

  @Test func `a deadline that is set again moves and comes once`() {
    var deadlines = Deadlines()
    deadlines.set(.lease, at: 10)
    deadlines.set(.lease, at: 20)
    #expect(deadlines.nextTime() == 20)
    deadlines.set(.lease, at: 5)
    #expect(deadlines.takeDue(at: 100) == [.lease])
    #expect(deadlines.nextTime() == nil)
  }

  /// Compares with the simplest correct implementation.
  @Test(arguments: 0..<50 as Range<UInt64>)
  func `random setting and taking agree with a reference`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var deadlines = Deadlines()
    var model: [(deadline: HostLoop.Deadline, time: Int)] = []
    var now = 0
    for _ in 0..<200 {
      let deadline = HostLoop.Deadline.interval(process: Int.random(in: 0..<20, using: &random))
      if Bool.random(using: &random) {
        let time = now + Int.random(in: 0..<30, using: &random)
        deadlines.set(deadline, at: time)
        model.removeAll { $0.deadline == deadline }
        model.append((deadline, time))
      } else {
        now += Int.random(in: 0..<15, using: &random)
        let due = model.enumerated().filter { $0.element.time <= now }
          .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        #expect(deadlines.takeDue(at: now) == due.map(\.element.deadline))
        model.removeAll { $0.time <= now }
      }
      #expect(deadlines.nextTime() == model.map(\.time).min())
    }
  }
}
