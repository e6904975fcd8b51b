/// How many tasks were done in each of the last seconds, by the times of the events.
struct RateMeter {
  private static let kept = 60
  private var counts = [Int](repeating: 0, count: kept)
  private var newest = 0

  mutating func count(at milliseconds: Int) {
    let second = milliseconds / 1000
    advance(to: second)
    if second > newest - Self.kept { counts[second % Self.kept] += 1 }
  }

  private mutating func advance(to second: Int) {
    guard second > newest else { return }
    for passed in max(newest + 1, second - Self.kept + 1)...second {
      counts[passed % Self.kept] = 0
    }
    newest = second
  }

  /// Done in each of the last whole seconds, oldest first.
  func history(seconds: Int, now milliseconds: Int) -> [Int] {
    let now = milliseconds / 1000
    return (now - seconds..<now).map { second in
      second <= newest && second > newest - Self.kept && second >= 0
        ? counts[second % Self.kept] : 0
    }
  }

  /// Per second, over the last ten whole seconds or since the beginning.
  func rate(now milliseconds: Int, since beginning: Int) -> Double {
    let seconds = max(1, min(10, milliseconds / 1000 - beginning / 1000))
    return Double(history(seconds: seconds, now: milliseconds).reduce(0, +)) / Double(seconds)
  }
}
