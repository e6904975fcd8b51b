/// Every key, from the same table that `update` uses, and the signs of the states.
enum HelpView {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let title = Line("Help \(model.theme.dot) Esc closes", model.theme.accent)
    Frame.draw(area, title: title, isFocused: true, theme: model.theme, on: &buffer)
    ScrolledLines.draw(
      lines(model, columns: area.columns), from: model.overlayTop, in: area, theme: model.theme,
      on: &buffer)
  }

  /// Two columns where there is room. The keys of the focused pane come first.
  static func lines(_ model: Model, columns: Int) -> [Line] {
    let own = model.keys.local[model.focus] ?? []
    let global = model.keys.bindings(in: model.focus).dropFirst(own.count)
    func block(_ title: String, _ bindings: [KeyBinding]) -> [Line] {
      bindings.isEmpty
        ? [] : [Line(title, model.theme.accent)] + bindings.map { line(of: $0, model) } + [Line()]
    }
    func block(_ group: KeyBinding.Group) -> [Line] {
      block(group.rawValue, global.filter { $0.group == group })
    }
    let left = block(model.focus.name, own) + block(.act) + block(.run) + block(.look)
    let right = block(.move) + block(.program) + states(model)
    guard columns >= 100 else { return left + right }
    return (0..<max(left.count, right.count)).map { index in
      var line = left[guarding: index] ?? Line()
      line = line.cut(to: 62, ellipsis: model.theme.ellipsis)
      line.pad(to: 64)
      if let other = right[guarding: index] { line.append(other) }
      return line
    }
  }

  private static func line(of binding: KeyBinding, _ model: Model) -> Line {
    let theme = model.theme
    let objection = model.objection(to: binding.action)
    var line = Line("  ")
    line.column(
      binding.names, 13, objection == nil ? theme.key : theme.dim, ellipsis: theme.ellipsis)
    line.append(" " + binding.help, objection == nil ? .plain : theme.dim)
    if let objection { line.append(" \(theme.dot) \(objection)", theme.dim.adding(.italic)) }
    return line
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
