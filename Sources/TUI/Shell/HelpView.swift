/// The help: all keys from the tables that `update` uses, and the glyphs of states.
enum HelpView {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let title = Line("Help \(model.theme.dot) Esc closes", model.theme.accent)
    Frame.draw(area, title: title, isFocused: true, theme: model.theme, on: &buffer)
    ScrolledLines.draw(
      lines(model, columns: area.columns), from: model.overlayTop, in: area, theme: model.theme,
      on: &buffer)
  }

  /// Up to three columns of about the same height; nothing is cut. The focused pane's keys come
  /// first. A key that does nothing now is dim.
  static func lines(_ model: Model, columns: Int) -> [Line] {
    let available = columns - 4
    let count = available >= 110 ? 3 : available >= 72 ? 2 : 1
    let width = (available - 2 * (count - 1)) / count
    let blocks = blocks(model, width)
    let parts = balanced(blocks.map(\.count), into: count)
    let sides = parts.map { blocks[$0].flatMap { $0 } }
    return (0..<(sides.map(\.count).max() ?? 0)).map { row in
      var line = Line()
      for (index, side) in sides.enumerated() {
        line.pad(to: index * (width + 2))
        if let part = side[guarding: row] { line.append(part) }
      }
      return line
    }
  }

  private static func blocks(_ model: Model, _ width: Int) -> [[Line]] {
    let own = model.keys.local[model.focus] ?? []
    let global = model.keys.bindings(in: model.focus).dropFirst(own.count)
    func block(_ title: String, _ bindings: [KeyBinding]) -> [Line] {
      bindings.isEmpty
        ? []
        : [Line(title, model.theme.accent)]
          + bindings.flatMap { lines(of: $0, model, width, margin: margin(bindings)) } + [Line()]
    }
    let groups: [KeyBinding.Group] = [.act, .run, .view, .move, .program]
    return [block(model.focus.name, own)]
      + groups.map { group in block(group.rawValue, global.filter { $0.group == group }) }
      + [states(model, width)]
  }

  /// Splits consecutive blocks so that the highest column is as low as possible.
  static func balanced(_ heights: [Int], into count: Int) -> [Range<Int>] {
    func split(at limit: Int) -> [Range<Int>]? {
      var (parts, start, height) = ([Range<Int>](), 0, 0)
      for (index, next) in heights.enumerated() {
        if height + next > limit, index > start {
          parts.append(start..<index)
          (start, height) = (index, 0)
        }
        height += next
      }
      parts.append(start..<heights.count)
      return parts.count <= count ? parts : nil
    }
    let minimum = heights.max() ?? 0
    let limit = (minimum...max(minimum, heights.reduce(0, +))).first { split(at: $0) != nil }
    return limit.flatMap(split) ?? [0..<heights.count]
  }

  /// The column of the texts: behind the longest names of keys, up to a limit.
  private static func margin(_ bindings: [KeyBinding]) -> Int {
    min((bindings.map { DisplayWidth.of($0.names) }.max() ?? 0) + 3, 14)
  }

  private static func lines(
    of binding: KeyBinding, _ model: Model, _ width: Int, margin: Int
  ) -> [Line] {
    let theme = model.theme
    let isPossible = model.objection(to: binding.action) == nil
    var line = Line(" ")
    line.append(binding.names, isPossible ? theme.key : theme.dim)
    line.pad(to: margin - 1)
    line.append(" " + binding.help, isPossible ? .plain : theme.dim)
    return line.wrapped(to: width, margin: margin)
  }

  private static func states(_ model: Model, _ width: Int) -> [Line] {
    let theme = model.theme
    let appearances = TaskAppearance.allCases.filter { $0 != .held && $0 != .retrying }
    let across = max(1, (width - 1) / 12)
    return [Line("States", theme.accent)]
      + stride(from: 0, to: appearances.count, by: across).map { start in
        var line = Line(" ")
        for appearance in appearances[start..<min(start + across, appearances.count)] {
          line.append(theme.glyph(appearance) + " ", theme.style(appearance))
          line.column(appearance.word, 10, ellipsis: theme.ellipsis)
        }
        return line
      }
  }
}
