import HumanText
import Testing

struct CalendarTests {
  @Test(arguments: [
    (0, 0, "1970-01-01 00:00:00"), (-1, 0, "1969-12-31 23:59:59"),
    (1_700_049_600_000, 0, "2023-11-15 12:00:00"),
    (1_700_049_600_000, 3600, "2023-11-15 13:00:00"),
    (1_709_164_799_999, 0, "2024-02-28 23:59:59"), (1_709_164_800_000, 0, "2024-02-29 00:00:00"),
    (951_782_400_000, 0, "2000-02-29 00:00:00"), (4_107_542_400_000, 0, "2100-03-01 00:00:00"),
    (Int.max, 0, "9999-12-31 23:59:59"), (Int.min, 0, "0001-01-01 00:00:00"),
  ])
  func `times are formatted as dates and times of day`(milliseconds: Int, offset: Int, text: String)
  {
    #expect(Formats.timeText(milliseconds: milliseconds, offset: offset) == text)
  }

  @Test func `time zones are formatted as offsets from UTC`() {
    #expect(Formats.zone(offset: 0) == "UTC")
    #expect(Formats.zone(offset: 3600) == "UTC+1")
    #expect(Formats.zone(offset: -12_600) == "UTC-3:30")
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1000, "-1,000"),
  ])
  func `large counts have commas`(number: Int, text: String) {
    #expect(Formats.count(number) == text)
  }
}
