/// Numbers for people, in fixed shapes, so that columns do not change their widths.
package enum Formats {
  /// `0:03:12`, from a day on `2d 03:12:05`; below a second `412 ms` if `fine`.
  package static func duration(milliseconds: Int, fine: Bool = false) -> String {
    let milliseconds = max(0, milliseconds)
    if fine && milliseconds < 1000 { return "\(milliseconds) ms" }
    let seconds = milliseconds / 1000
    let (days, hours) = (seconds / 86400, seconds / 3600 % 24)
    let clock = ":\(twoDigits(seconds / 60 % 60)):\(twoDigits(seconds % 60))"
    return days > 0 ? "\(days)d \(twoDigits(hours))\(clock)" : "\(hours)\(clock)"
  }

  /// An age: `12 s`, `3 min`, `2 h`, `5 d`.
  package static func age(milliseconds: Int) -> String {
    let seconds = max(0, milliseconds) / 1000
    switch seconds {
    case ..<60: return "\(seconds) s"
    case ..<3600: return "\(seconds / 60) min"
    case ..<86400: return "\(seconds / 3600) h"
    default: return "\(seconds / 86400) d"
    }
  }

  /// A duration in few characters: `31 ms`, `2.5 s`, `48 s`, `0:03:12`.
  package static func mean(milliseconds: Double) -> String {
    switch milliseconds {
    case ..<999.5: "\(Int(milliseconds.rounded())) ms"
    case ..<9_950: "\(oneDecimal(milliseconds / 1000)) s"
    case ..<59_500: "\(Int((milliseconds / 1000).rounded())) s"
    default: duration(milliseconds: Int(min(milliseconds, 1e15)))
    }
  }

  /// `512 B`, `1.2 kB`, `212 MB`, `3.4 GB`.
  package static func size(bytes: Int) -> String {
    if bytes < 1000 { return "\(max(0, bytes)) B" }
    var value = Double(bytes) / 1000
    var unit = 0
    while value >= 999.5, unit < 3 {
      value /= 1000
      unit += 1
    }
    let digits = value < 9.95 ? oneDecimal(value) : String(Int(value.rounded()))
    return "\(digits) \(["kB", "MB", "GB", "TB"][unit])"
  }

  /// `0.4/s`, `14.2/s`, `1204/s`.
  package static func rate(perSecond: Double) -> String {
    perSecond < 99.95 ? "\(oneDecimal(perSecond))/s" : "\(Int(perSecond.rounded()))/s"
  }

  /// `12:03:11` for a time in milliseconds since 1970, `offset` seconds east of UTC.
  package static func time(milliseconds: Int, offset: Int) -> String {
    let second = ((milliseconds / 1000 + offset) % 86400 + 86400) % 86400
    return
      "\(twoDigits(second / 3600)):\(twoDigits(second / 60 % 60)):\(twoDigits(second % 60))"
  }

  package static func oneDecimal(_ value: Double) -> String {
    let tenths = Int((max(0, min(value, 1e15)) * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  private static func twoDigits(_ number: Int) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }
}

extension Formats {
  /// `1 task`, `12 tasks`, `2 processes`; `1,415 tasks` if `grouped`, for running text.
  package static func counted(
    _ number: Int, _ one: String, _ many: String? = nil, grouped: Bool = false
  ) -> String {
    "\(grouped ? count(number) : "\(number)") \(number == 1 ? one : many ?? "\(one)s")"
  }
}
