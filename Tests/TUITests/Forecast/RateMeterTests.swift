import Testing

@testable import TUI

struct RateMeterTests {
  @Test func `tasks are counted by second and forgotten after a minute`() {
    var meter = RateMeter()
    for time in [10_000, 10_500, 12_100] { meter.count(at: time) }
    #expect(meter.history(seconds: 4, now: 13_000) == [0, 2, 0, 1])
    #expect(meter.rate(now: 13_000, since: 3_000) == 0.3)
    #expect(meter.rate(now: 13_000, since: 10_000) == 1)
    #expect(meter.rate(now: 100_000, since: 0) == 0)
    meter.count(at: 500_000)
    #expect(meter.history(seconds: 60, now: 501_000).reduce(0, +) == 1)
  }

  @Test func `a clock that goes back does no harm`() {
    var meter = RateMeter()
    for time in [100_000, 99_000, 1_000, -5_000, 100_900] { meter.count(at: time) }
    #expect(meter.history(seconds: 2, now: 101_000) == [1, 2])
  }

  @Test func `the mean duration is that of the last ten seconds`() {
    var meter = RateMeter()
    meter.count(at: 10_000, duration: 9_000)
    meter.count(at: 25_000, duration: 300)
    meter.count(at: 26_000, duration: 500)
    #expect(meter.meanDuration(now: 27_000) == 400)
    #expect(meter.meanDuration(now: 60_000) == nil)
  }
}
