import Testing

@testable import TUI

struct PaintingBeatTests {
  private static let interval = 33

  private func painted(at time: Int) -> PaintSchedule {
    var beat = PaintSchedule()
    beat.painted(at: time)
    return beat
  }

  @Test func `the first painting is due at once, and nothing after it without a change`() {
    #expect(PaintSchedule().due(every: Self.interval).map { $0 <= 0 } == true)
    #expect(painted(at: 1000).due(every: Self.interval) == nil)
  }

  @Test func `what happens is shown with the beat`() {
    var beat = painted(at: 1000)
    beat.changed(byPerson: false)
    #expect(beat.due(every: Self.interval) == 1033)
  }

  @Test func `what a person did is shown at once, then with the beat`() {
    var beat = painted(at: 1000)
    beat.changed(byPerson: true)
    // Also when something else happens behind it.
    beat.changed(byPerson: false)
    #expect(beat.due(every: Self.interval).map { $0 <= 1000 } == true)
    beat.painted(at: 1005)
    beat.changed(byPerson: true)
    #expect(beat.due(every: Self.interval) == 1038)
    // What happens in between does not put off the next answer.
    beat.painted(at: 1038)
    beat.changed(byPerson: false)
    beat.painted(at: 1071)
    beat.changed(byPerson: true)
    #expect(beat.due(every: Self.interval) == 1071)
  }
}
