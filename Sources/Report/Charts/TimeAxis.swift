import HumanText

/// Ticks at round values of elapsed time.
struct TimeAxis: Sendable {
  let range: ClosedRange<Int>
  /// Length of the axis in units of the drawing.
  let length: Double

  struct Tick: Sendable, Equatable {
    let place: Double
    let text: String
  }

  private static let steps: [Int] =
    [1, 2, 5, 10, 20, 50, 100, 200, 500]
    + [1, 2, 5, 10, 15, 30].map { $0 * 1000 } + [1, 2, 5, 10, 15, 30].map { $0 * 60_000 }
    + [1, 2, 3, 6, 12, 24].map { $0 * 3_600_000 }
  private static let day = 86_400_000

  var span: Int { max(1, range.upperBound - range.lowerBound) }

  func place(_ time: Int) -> Double {
    let clamped = min(max(time, range.lowerBound), range.upperBound)
    return Double(clamped - range.lowerBound) / Double(span) * length
  }

  /// At most `limit` ticks besides zero.
  func ticks(limit: Int = 8) -> [Tick] {
    let step =
      Self.steps.first { span / $0 <= limit }
      ?? (span / (Self.day * limit) + 1) * Self.day
    return stride(from: 0, through: span, by: step).map { time in
      Tick(place: place(range.lowerBound + time), text: Self.text(time, step: step))
    }
  }

  private static func text(_ time: Int, step: Int) -> String {
    if time == 0 { return "0" }
    if step >= 1000 { return Formats.duration(milliseconds: time) }
    return step >= 100 ? "\(Formats.oneDecimal(Double(time) / 1000)) s" : "\(time) ms"
  }
}
