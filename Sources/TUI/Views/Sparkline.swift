/// Values over time in one row of characters.
enum Sparkline {
  /// At most `columns` characters, the latest value on the right. With more values than
  /// columns, each column shows the largest of its values.
  static func text(_ values: [Double], columns: Int, theme: Theme) -> String {
    guard columns > 0, !values.isEmpty else { return "" }
    let shown = folded(values, to: columns)
    let steps = Array(theme.ascii ? "_.-=+*#@" : "▁▂▃▄▅▆▇█")
    let most = shown.max() ?? 0
    guard most > 0 else { return String(repeating: steps[0], count: shown.count) }
    return String(
      shown.map { steps[min(steps.count - 1, Int($0 / most * Double(steps.count - 1) + 0.5))] })
  }

  private static func folded(_ values: [Double], to columns: Int) -> [Double] {
    guard values.count > columns else { return values }
    return (0..<columns).map { column in
      let share = column * values.count / columns..<(column + 1) * values.count / columns
      return values[share].max() ?? 0
    }
  }
}
