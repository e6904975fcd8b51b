/// The time of a replay: how far it is, at which speed it goes, whether it stands. A value; our own
/// time, in milliseconds of any clock that never jumps, is an argument.
struct ReplayClock: Sendable {
  let range: ClosedRange<Int>
  private(set) var speed: Double
  private(set) var isPaused = false
  /// Where it was at a moment of our time.
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

  /// Stops or goes on; at the end it begins again.
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

  /// A speed at which a run of that length takes about a minute, never slower than it was.
  static func usualSpeed(length: Int) -> Double {
    var speed = 1.0
    while Double(length) / speed > 90_000 { speed *= 2 }
    return speed
  }
}
