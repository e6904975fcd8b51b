/// When the display is due to be painted, in milliseconds of any clock.
///
/// What happens to the run is shown with a beat. What a person did is shown at once, and no oftener
/// than with the same beat: waiting for the next one would be felt.
struct PaintingBeat {
  private var last = Int.min / 2
  /// When what a person did was last shown.
  private var lastAnswer = Int.min / 2
  private var isDirty = true
  private var isAwaited = false

  mutating func changed(byPerson: Bool) {
    isDirty = true
    isAwaited = isAwaited || byPerson
  }

  /// Shows all that is there at once.
  mutating func begin() { self = PaintingBeat() }

  /// `nil` while there is nothing to paint.
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
