import Glibc

extension Clock {
  /// `2026-11-24T04:36:33.821Z`
  public static func isoText(milliseconds: Int) -> String {
    var seconds = milliseconds / 1000
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func padded(_ value: Int32, _ width: Int = 2) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    let day = [padded(parts.tm_year + 1900, 4), padded(parts.tm_mon + 1), padded(parts.tm_mday)]
    let time = [padded(parts.tm_hour), padded(parts.tm_min), padded(parts.tm_sec)]
    return day.joined(separator: "-") + "T" + time.joined(separator: ":")
      + ".\(padded(Int32(milliseconds % 1000), 3))Z"
  }
}
