import HumanText
import Testing

struct FormatsTests {
  @Test(arguments: [
    (0, "0:00:00"), (999, "0:00:00"), (192_000, "0:03:12"), (3_600_000, "1:00:00"),
    (90_061_000, "1d 01:01:01"), (-5, "0:00:00"),
  ])
  func `durations are formatted like clocks`(milliseconds: Int, text: String) {
    #expect(Formats.duration(milliseconds: milliseconds) == text)
  }

  @Test func `short durations can have milliseconds`() {
    #expect(Formats.duration(milliseconds: 412, fine: true) == "412 ms")
    #expect(Formats.duration(milliseconds: 1000, fine: true) == "0:00:01")
  }

  @Test(arguments: [
    (-5, "0 s"), (59_999, "59 s"), (60_000, "1 min"), (3_599_999, "59 min"), (7_200_000, "2 h"),
    (86_400_000, "1 d"), (8_640_000_000, "100 d"),
  ])
  func `ages are rounded`(milliseconds: Int, text: String) {
    #expect(Formats.age(milliseconds: milliseconds) == text)
  }

  @Test(arguments: [
    (0.2, "0 ms"), (31, "31 ms"), (999, "999 ms"), (999.9, "1.0 s"), (2_500, "2.5 s"),
    (48_000, "48 s"), (59_600, "0:00:59"), (192_000, "0:03:12"), (1e300, "11574074d 01:46:40"),
  ])
  func `mean durations are short`(milliseconds: Double, text: String) {
    #expect(Formats.mean(milliseconds: milliseconds) == text)
  }

  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1_200, "1.2 kB"), (212_000_000, "212 MB"), (999_600, "1.0 MB"),
    (3_400_000_000, "3.4 GB"), (-1, "0 B"), (Int.max, "9223372 TB"),
  ])
  func `sizes have units`(bytes: Int, text: String) {
    #expect(Formats.size(bytes: bytes) == text)
  }

  @Test func `rates and times of day are formatted`() {
    #expect(Formats.rate(perSecond: 14.24) == "14.2/s")
    #expect(Formats.rate(perSecond: 1204.4) == "1204/s")
    #expect(Formats.time(milliseconds: 1_700_049_600_000, offset: 0) == "12:00:00")
    #expect(Formats.time(milliseconds: 1_700_049_600_000, offset: -13 * 3600) == "23:00:00")
  }
}
