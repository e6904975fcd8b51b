/// How the user reads logs; kept when another log is shown.
struct LogSettings {
  enum Times: CaseIterable {
    case timeOfDay, sinceStart, none

    var next: Times {
      switch self {
      case .timeOfDay: .sinceStart
      case .sinceStart: .none
      case .none: .timeOfDay
      }
    }
  }

  var streams = StreamChoice.both
  /// Only matching lines are shown.
  var filter: LinePattern?
  var search: LinePattern?
  var wraps = false
  var times = Times.timeOfDay
  /// How far long lines are scrolled, in columns.
  var shift = 0

  /// The streams that are shown.
  var criteria: LineScan.Criteria {
    LineScan.Criteria(streams: streams, patterns: filter.map { [$0] } ?? [])
  }
}
