/// When the display is due to be painted, in milliseconds of any clock.
///
/// Changes of the run are painted at a fixed interval. The effect of input is painted at once,
/// but not more often than with the same interval: a delay would be noticed.
struct PaintSchedule {
  private var last = Int.min / 2
  /// When the effect of input was last painted.
  private var lastAnswer = Int.min / 2
  private var isDirty = true
  private var isAwaited = false

  mutating func changed(byUser: Bool) {
    isDirty = true
    isAwaited = isAwaited || byUser
  }

  /// Paints everything at once.
  mutating func begin() { self = PaintSchedule() }

  /// `nil` if nothing is to be painted.
  func due(every interval: Int) -> Int? {
    guard isDirty else { return nil }
    return interval + (isAwaited ? min(last, lastAnswer) : last)
  }

  mutating func painted(at now: Int) {
    if isAwaited { lastAnswer = now }
    last = now
    isDirty = false
    isAwaited = false
  }
}
