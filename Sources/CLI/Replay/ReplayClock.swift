/// The clock of a replay: its position, its speed, and whether it is paused. A value; the real
/// time, in milliseconds of a monotonic clock, is an argument.
struct ReplayClock: Sendable {
  let range: ClosedRange<Int>
  private(set) var speed: Double
  private(set) var isPaused = false
  /// The position at a real time.
  private var anchor: (place: Double, moment: Int)

  init(range: ClosedRange<Int>, speed: Double, at moment: Int) {
    self.range = range
    self.speed = speed
    anchor = (Double(range.lowerBound), moment)
  }

  /// Milliseconds since 1970, within the range.
  func position(at moment: Int) -> Int { Int(place(at: moment).rounded(.down)) }

  func isAtEnd(at moment: Int) -> Bool { position(at: moment) >= range.upperBound }

  mutating func setSpeed(_ speed: Double, at moment: Int) {
    anchor = (place(at: moment), moment)
    self.speed = speed
  }

  /// Pauses or continues; at the end, starts again from the beginning.
  mutating func pause(at moment: Int) {
    if isAtEnd(at: moment) { return restart(at: moment) }
    anchor = (place(at: moment), moment)
    isPaused.toggle()
  }

  mutating func seek(to place: Int, at moment: Int) {
    anchor = (Double(min(max(place, range.lowerBound), range.upperBound)), moment)
  }

  private mutating func restart(at moment: Int) {
    anchor = (Double(range.lowerBound), moment)
    isPaused = false
  }

  private func place(at moment: Int) -> Double {
    guard !isPaused else { return anchor.place }
    let gone = Double(max(0, moment - anchor.moment)) * speed
    return min(anchor.place + gone, Double(range.upperBound))
  }

  /// A power of two with which a run of this length takes at most 90 seconds; at least 1.
  static func defaultSpeed(length: Int) -> Double {
    var speed = 1.0
    while Double(length) / speed > 90_000 { speed *= 2 }
    return speed
  }
}
