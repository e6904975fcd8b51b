/// The help: all keys from the tables that `update` uses, and the signs of states.
enum HelpView {
  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    let title = Line("Help \(model.theme.dot) Esc closes", model.theme.accent)
    Frame.draw(area, title: title, isFocused: true, theme: model.theme, on: &buffer)
    ScrolledLines.draw(
      lines(model, columns: area.columns), from: model.overlayTop, in: area, theme: model.theme,
      on: &buffer)
  }

  /// Two columns if there is room, else one; nothing is cut. The focused pane's keys come
  /// first.
  static func lines(_ model: Model, columns: Int) -> [Line] {
    let own = model.keys.local[model.focus] ?? []
    let global = model.keys.bindings(in: model.focus).dropFirst(own.count)
    func block(_ title: String, _ bindings: [KeyBinding], _ width: Int) -> [Line] {
      bindings.isEmpty
        ? []
        : [Line(title, model.theme.accent)] + bindings.flatMap { lines(of: $0, model, width) }
          + [Line()]
    }
    func block(_ group: KeyBinding.Group, _ width: Int) -> [Line] {
      block(group.rawValue, global.filter { $0.group == group }, width)
    }
    // Without borders and spaces.
    let room = columns - 4
    let right = block(.move, room) + block(.program, room) + states(model)
    let rest = room - 2 - (right.map(\.width).max() ?? 0)
    let width = rest < leastColumn ? room : rest
    let left =
      block(model.focus.name, own, width) + block(.act, width) + block(.run, width)
      + block(.look, width)
    guard rest >= leastColumn else { return left + right }
    let gap = min(rest, max(leastColumn, left.map(\.width).max() ?? 0)) + 2
    return (0..<max(left.count, right.count)).map { index in
      var line = left[guarding: index] ?? Line()
      line.pad(to: gap)
      if let other = right[guarding: index] { line.append(other) }
      return line
    }
  }

  /// The widths of the longest key names and descriptions.
  private static let leastColumn = 60
  private static let indentation = 16

  /// Adds why a key does nothing now, on a line of its own if necessary.
  private static func lines(of binding: KeyBinding, _ model: Model, _ width: Int) -> [Line] {
    let theme = model.theme
    let objection = model.objection(to: binding.action)
    var line = Line("  ")
    line.column(
      binding.names, 13, objection == nil ? theme.key : theme.dim, ellipsis: theme.ellipsis)
    line.append(" " + binding.help, objection == nil ? .plain : theme.dim)
    guard let objection else { return line.wrapped(to: width, margin: indentation) }
    let reason = Line("\(theme.dot) \(objection)", theme.dim.adding(.italic))
    if line.width + 1 + reason.width <= width {
      line.append(" ")
      line.append(reason)
      return [line]
    }
    return line.wrapped(to: width, margin: indentation)
      + reason.wrapped(to: width - indentation, margin: 0).map { piece in
        var below = Line(String(repeating: " ", count: indentation))
        below.append(piece)
        return below
      }
  }

  private static func states(_ model: Model) -> [Line] {
    let theme = model.theme
    let appearances = TaskAppearance.allCases.filter { $0 != .held && $0 != .retrying }
    return [Line("States", theme.accent)]
      + stride(from: 0, to: appearances.count, by: 3).map { start in
        var line = Line("  ")
        for appearance in appearances[start..<min(start + 3, appearances.count)] {
          line.append(theme.glyph(appearance) + " ", theme.style(appearance))
          line.column(appearance.word, 13, ellipsis: theme.ellipsis)
        }
        return line
      }
  }
}
