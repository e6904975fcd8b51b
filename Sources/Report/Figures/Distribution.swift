/// The distribution of durations, in milliseconds.
public struct Distribution: Sendable, Equatable {
  public let count: Int
  public let sum: Int
  public let least: Int
  public let median: Int
  /// The 95th percentile.
  public let p95: Int
  public let most: Int

  /// `nil` for no values.
  init?(_ values: [Int]) {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    func at(_ share: Double) -> Int {
      sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }
    count = sorted.count
    sum = sorted.reduce(0, +)
    least = sorted[0]
    median = at(0.5)
    p95 = at(0.95)
    most = sorted[sorted.count - 1]
  }
}
