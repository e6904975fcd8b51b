internal import Engine

/// The number of tasks that ended in each of the last seconds, and the durations of their jobs,
/// by the times of events.
struct RateMeter {
  private static let kept = 60
  /// The time over which the rate is computed.
  static let window = 10

  private struct Second {
    var count = 0
    var milliseconds = 0
  }

  private var seconds = [Second](repeating: Second(), count: kept)
  private var newest = 0

  /// Counts a job that ran for `duration` milliseconds.
  mutating func count(at milliseconds: Int, duration: Int = 0) {
    let second = milliseconds / 1000
    advance(to: second)
    guard second > newest - Self.kept, second >= 0 else { return }
    seconds[second % Self.kept].count += 1
    seconds[second % Self.kept].milliseconds += max(0, duration)
  }

  private mutating func advance(to second: Int) {
    guard second > newest else { return }
    for passed in max(newest + 1, second - Self.kept + 1)...second {
      seconds[passed % Self.kept] = Second()
    }
    newest = second
  }

  private func known(_ second: Int) -> Second {
    second <= newest && second > newest - Self.kept && second >= 0
      ? seconds[second % Self.kept] : Second()
  }

  /// The counts of the last complete seconds, oldest first.
  func history(seconds: Int, now milliseconds: Int) -> [Int] {
    let now = milliseconds / 1000
    return (now - seconds..<now).map { known($0).count }
  }

  /// Tasks per second, over the last ten complete seconds or since the beginning.
  func rate(now milliseconds: Int, since beginning: Int) -> Double {
    let seconds = max(1, min(Self.window, milliseconds / 1000 - beginning / 1000))
    return Double(history(seconds: seconds, now: milliseconds).reduce(0, +)) / Double(seconds)
  }

  /// The mean duration of the jobs that ended in the last ten seconds, in milliseconds.
  func meanDuration(now milliseconds: Int) -> Double? {
    let now = milliseconds / 1000
    let known = (now - Self.window..<now).map(known)
    let count = known.reduce(0) { $0 + $1.count }
    return count == 0 ? nil : Double(known.reduce(0) { $0 + $1.milliseconds }) / Double(count)
  }

  /// Milliseconds for which a job occupies its slot besides running. Known only while all slots are
  /// busy, and after enough jobs: with few jobs, chance exceeds the overhead.
  func overhead(slots: Int, now: Int, since beginning: Int, in run: RunState) -> Double {
    let rate = rate(now: now, since: beginning)
    guard run.counts[.ready] + run.counts.notRunning > 0, rate >= 4,
      let mean = meanDuration(now: now)
    else { return 0 }
    return max(0, Double(slots) * 1000 / rate - mean)
  }
}
