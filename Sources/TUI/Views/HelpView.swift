/// Every key, from the same table that `update` uses, and the signs of the states.
enum HelpView {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let title = Line("Help \(model.theme.dot) Esc closes", model.theme.accent)
    Frame.draw(area, title: title, isFocused: true, theme: model.theme, on: &buffer)
    ScrolledLines.draw(lines(model, columns: area.columns), model, in: area, on: &buffer)
  }

  /// Two columns where there is room.
  static func lines(_ model: Model, columns: Int) -> [Line] {
    let blocks = KeyBinding.Group.allCases.map { keys(of: $0, model) } + [states(model)]
    guard columns >= 100 else { return Array(blocks.joined(separator: [Line()])) }
    let left = Array([blocks[0], blocks[1], blocks[4]].joined(separator: [Line()]))
    let right = Array([blocks[2], blocks[3]].joined(separator: [Line()]))
    return (0..<max(left.count, right.count)).map { index in
      var line = left[guarding: index] ?? Line()
      line.pad(to: 64)
      if let other = right[guarding: index] { line.append(other) }
      return line
    }
  }

  private static func keys(of group: KeyBinding.Group, _ model: Model) -> [Line] {
    let theme = model.theme
    return [Line(group.rawValue, theme.accent)]
      + KeyTable.bindings.filter { $0.group == group }.map { binding in
        let isPossible = model.objection(to: binding.action) == nil
        var line = Line("  ")
        line.column(binding.names, 9, isPossible ? theme.key : theme.dim, ellipsis: theme.ellipsis)
        line.append(" " + binding.help, isPossible ? .plain : theme.dim)
        return line
      }
  }

  private static func states(_ model: Model) -> [Line] {
    let theme = model.theme
    let looks = TaskLook.allCases.filter { $0 != .held && $0 != .retrying }
    return [Line("States", theme.accent)]
      + stride(from: 0, to: looks.count, by: 3).map { start in
        var line = Line("  ")
        for look in looks[start..<min(start + 3, looks.count)] {
          line.append(theme.glyph(look) + " ", theme.style(look))
          line.column(look.word, 13, ellipsis: theme.ellipsis)
        }
        return line
      }
  }
}

/// Lines in a box, from the overlay's top line on.
enum ScrolledLines {
  static func draw(_ lines: [Line], _ model: Model, in area: Rectangle, on buffer: inout CellBuffer)
  {
    let inner = area.inset(padding: 1)
    let top = min(model.overlayTop, max(0, lines.count - inner.rows))
    for offset in 0..<inner.rows {
      guard let line = lines[guarding: top + offset] else { break }
      buffer.write(
        line.cut(to: inner.columns, ellipsis: model.theme.ellipsis),
        at: Point(column: inner.column, row: inner.row + offset), width: inner.columns)
    }
    Frame.drawScroll(
      top: top, height: inner.rows, count: lines.count, in: area, theme: model.theme, on: &buffer)
  }
}
