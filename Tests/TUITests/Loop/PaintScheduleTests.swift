import Testing

@testable import TUI

struct PaintScheduleTests {
  private static let interval = 33

  private func painted(at time: Int) -> PaintSchedule {
    var schedule = PaintSchedule()
    schedule.painted(at: time)
    return schedule
  }

  @Test func `the first painting is due at once, the next only after a change`() {
    #expect(PaintSchedule().due(every: Self.interval).map { $0 <= 0 } == true)
    #expect(painted(at: 1000).due(every: Self.interval) == nil)
  }

  @Test func `changes of the run are painted at intervals`() {
    var schedule = painted(at: 1000)
    schedule.changed(byUser: false)
    #expect(schedule.due(every: Self.interval) == 1033)
  }

  @Test func `effects of input are painted at once, then at intervals`() {
    var schedule = painted(at: 1000)
    schedule.changed(byUser: true)
    // Also if another change follows.
    schedule.changed(byUser: false)
    #expect(schedule.due(every: Self.interval).map { $0 <= 1000 } == true)
    schedule.painted(at: 1005)
    schedule.changed(byUser: true)
    #expect(schedule.due(every: Self.interval) == 1038)
    // Changes in between do not delay the next answer.
    schedule.painted(at: 1038)
    schedule.changed(byUser: false)
    schedule.painted(at: 1071)
    schedule.changed(byUser: true)
    #expect(schedule.due(every: Self.interval) == 1071)
  }
}
