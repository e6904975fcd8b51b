/// A bar of succeeded, active and failed parts. Every non-zero part is visible.
enum ProgressBar {
  /// `isLow`: bars of rows without space between them do not touch each other. Their parts differ
  /// by colour only, beside figures that say the same.
  static func line(
    done: Int, active: Int, failed: Int, total: Int, columns: Int, theme: Theme,
    isLow: Bool = false
  ) -> Line {
    let signs = isLow && theme.colors != .none ? theme.gauge : theme.bar
    let parts = [
      (done, signs.done, theme.good),
      (failed, signs.failed, theme.bad),
      (active, signs.running, theme.style(.running)),
    ]
    let widths = widths(of: parts.map(\.0), total: total, columns: columns)
    var line = Line()
    for (part, width) in zip(parts, widths) {
      line.append(String(repeating: part.1, count: width), part.2)
    }
    let rest = max(0, columns - widths.reduce(0, +))
    line.append(String(repeating: signs.empty, count: rest), theme.dim)
    return line
  }

  /// The width of each part. A bar is full only if everything is accounted for.
  static func widths(of parts: [Int], total: Int, columns: Int) -> [Int] {
    guard total > 0, columns > 0 else { return parts.map { _ in 0 } }
    var widths = parts.map { part in
      part <= 0 ? 0 : max(1, min(columns, part * columns / total))
    }
    let limit = parts.reduce(0, +) >= total ? columns : max(0, columns - 1)
    while widths.reduce(0, +) > limit,
      let widest = widths.indices.max(by: { widths[$0] < widths[$1] })
    { widths[widest] -= 1 }
    let missing = limit - widths.reduce(0, +)
    if parts.reduce(0, +) >= total, let maximum = parts.indices.max(by: { parts[$0] < parts[$1] }) {
      widths[maximum] += missing
    }
    return widths
  }
}

/// Values over time in one row of characters.
enum Sparkline {
  /// At most `columns` characters, the latest value on the right. With more values than
  /// columns, each column shows the largest of its values.
  static func text(_ values: [Double], columns: Int, theme: Theme) -> String {
    guard columns > 0, !values.isEmpty else { return "" }
    let shown = folded(values, to: columns)
    let steps = Array(theme.ascii ? "_.-=+*#@" : "▁▂▃▄▅▆▇█")
    let maximum = shown.max() ?? 0
    guard maximum > 0 else { return String(repeating: steps[0], count: shown.count) }
    return String(
      shown.map { steps[min(steps.count - 1, Int($0 / maximum * Double(steps.count - 1) + 0.5))] })
  }

  private static func folded(_ values: [Double], to columns: Int) -> [Double] {
    guard values.count > columns else { return values }
    return (0..<columns).map { column in
      let share = column * values.count / columns..<(column + 1) * values.count / columns
      return values[share].max() ?? 0
    }
  }
}
