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

  /// A gap in time that has a few columns only, whatever its length.
  struct Cut: Equatable {
    let time: Range<Int>
    let columns: Range<Int>
  }

  /// In order.
  let cuts: [Cut]
  static let cutColumns = 11
  private static let mostCuts = 5

  init(origin: Int, perColumn: Double, columns: Int, cuts: [Cut] = []) {
    self.origin = origin
    self.perColumn = max(1, perColumn)
    self.columns = max(1, columns)
    self.cuts = cuts
  }

  /// Shows a whole range, with some columns after it. The longest `gaps` are cut if they would take
  /// many columns.
  init(fitting start: Int, _ end: Int, columns: Int, gaps: [Range<Int>] = []) {
    let available = max(1, columns - 2)
    var span = Double(max(1, end - start))
    var chosen: [Range<Int>] = []
    for gap in gaps.filter({ $0.lowerBound >= start && $0.upperBound <= end })
      .sorted(by: { $0.count > $1.count }).prefix(Self.mostCuts)
    {
      let rest = Double(available - chosen.count * Self.cutColumns)
      // A cut must save columns, and the bars need a minimum width.
      guard Double(gap.count) * rest / span > Double(2 * Self.cutColumns),
        rest > Double(3 * Self.cutColumns)
      else { break }
      chosen.append(gap)
      span = max(1, span - Double(gap.count))
    }
    let per = max(1, span / Double(max(1, available - chosen.count * Self.cutColumns)))
    var (cuts, time, column) = ([Cut](), start, 0.0)
    for gap in chosen.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      column = (column + Double(gap.lowerBound - time) / per).rounded(.up)
      cuts.append(Cut(time: gap, columns: Int(column)..<Int(column) + Self.cutColumns))
      (time, column) = (gap.upperBound, column + Double(Self.cutColumns))
    }
    self.init(origin: start, perColumn: per, columns: columns, cuts: cuts)
  }

  var end: Int { time(at: columns) }

  func time(at column: Int) -> Int {
    guard let cut = cuts.last(where: { $0.columns.lowerBound <= column }) else {
      return origin + Int(Double(column) * perColumn)
    }
    if column >= cut.columns.upperBound {
      return cut.time.upperBound + Int(Double(column - cut.columns.upperBound) * perColumn)
    }
    let part = column - cut.columns.lowerBound
    return cut.time.lowerBound + cut.time.count * part / cut.columns.count
  }

  /// The column of a time, possibly outside the edges.
  func column(of time: Int) -> Int {
    guard let cut = cuts.last(where: { $0.time.lowerBound <= time }) else {
      return Int((Double(time - origin) / perColumn).rounded(.down))
    }
    if time >= cut.time.upperBound {
      let rest = Double(time - cut.time.upperBound) / perColumn
      return cut.columns.upperBound + Int(rest.rounded(.down))
    }
    return cut.columns.lowerBound
      + (time - cut.time.lowerBound) * cut.columns.count / max(1, cut.time.count)
  }

  func cut(at column: Int) -> Cut? { cuts.first { $0.columns.contains(column) } }

  /// `0.2 s/col`
  var text: String {
    perColumn < 1000
      ? "\(Int(perColumn.rounded())) ms/col"
      : "\(Formats.mean(milliseconds: perColumn))/col"
  }

  // MARK: Ticks

  /// Columns and times of ticks, far enough apart for labels of a width.
  func ticks(labelColumns: Int, offset: Int) -> [(column: Int, time: Int)] {
    let minimum = perColumn * Double(labelColumns + 4)
    let step = Self.tickSteps.first { Double($0) >= minimum } ?? Int(minimum)
    // Round values in the user's time zone.
    let shift = offset * 1000
    var ticks: [(Int, Int)] = []
    for (start, limit) in stretches {
      var time = (start + shift + step - 1) / step * step - shift
      while time < limit, ticks.count < columns {
        let column = column(of: time)
        let isFree = ticks.last.map { column >= $0.0 + labelColumns + 2 } ?? true
        let isClear = cuts.allSatisfy { !$0.columns.overlaps(column..<column + labelColumns) }
        if isFree, isClear { ticks.append((column, time)) }
        time += step
      }
    }
    return ticks
  }

  /// The times between cuts.
  private var stretches: [(start: Int, end: Int)] {
    let starts = [origin] + cuts.map(\.time.upperBound)
    let ends = cuts.map(\.time.lowerBound) + [end]
    return Array(zip(starts, ends)).map { ($0, $1) }
  }

  private static let tickSteps =
    steps.filter { $0 < 1000 } + [
      1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
      1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
      172_800_000, 604_800_000,
    ]
}
