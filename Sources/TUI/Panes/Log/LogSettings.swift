/// How a person wants to read logs; stays when another one is read.
struct LogSettings {
  enum Times: CaseIterable {
    case ofDay, sinceStart, none

    var next: Times {
      switch self {
      case .ofDay: .sinceStart
      case .sinceStart: .none
      case .none: .ofDay
      }
    }
  }

  var streams = StreamChoice.both
  /// Only lines that have it are shown.
  var filter: LinePattern?
  var search: LinePattern?
  var wraps = false
  var times = Times.ofDay
  /// Columns that have gone out at the left, where lines are not wrapped.
  var shift = 0

  /// What is shown.
  var wish: LineScan.Wish {
    LineScan.Wish(streams: streams, patterns: filter.map { [$0] } ?? [])
  }
}
