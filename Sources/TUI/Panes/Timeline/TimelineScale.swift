internal import HumanText

/// Maps columns of a timeline to times.
struct TimelineScale: Equatable {
  /// Milliseconds since 1970, at the left edge.
  let origin: Int
  let perColumn: Double
  let columns: Int

  /// The zoom steps, in milliseconds for each column.
  static let steps: [Int] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000,
    300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000,
    86_400_000, 604_800_000,
  ]

  init(origin: Int, perColumn: Double, columns: Int) {
    self.origin = origin
    self.perColumn = max(1, perColumn)
    self.columns = max(1, columns)
  }

  /// Shows a whole range, with some room after it.
  init(fitting start: Int, _ end: Int, columns: Int) {
    let span = Double(max(1, end - start))
    self.init(origin: start, perColumn: span / Double(max(1, columns - 2)), columns: columns)
  }

  var end: Int { time(at: columns) }

  func time(at column: Int) -> Int { origin + Int(Double(column) * perColumn) }

  /// The column of a time, possibly outside the edges.
  func column(of time: Int) -> Int {
    Int((Double(time - origin) / perColumn).rounded(.down))
  }

  /// `0.2 s/col`
  var text: String {
    perColumn < 1000
      ? "\(Int(perColumn.rounded())) ms/col"
      : "\(Formats.mean(milliseconds: perColumn))/col"
  }

  // MARK: Ticks

  /// Columns and times of ticks, far enough apart for labels of a width.
  func ticks(labelColumns: Int, offset: Int) -> [(column: Int, time: Int)] {
    let least = perColumn * Double(labelColumns + 4)
    let step = Self.tickSteps.first { Double($0) >= least } ?? Int(least)
    // Round values in the user's time zone.
    let shift = offset * 1000
    var time = (origin + shift + step - 1) / step * step - shift
    var ticks: [(Int, Int)] = []
    while time < end, ticks.count < columns {
      ticks.append((column(of: time), time))
      time += step
    }
    return ticks
  }

  private static let tickSteps =
    steps.filter { $0 < 1000 } + [
      1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
      1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
      172_800_000, 604_800_000,
    ]
}
