/// The titles of panes: one for each box, or all in the single box of a narrow screen.
enum TabsView {
  /// Notes that do not fit are left out, the last first. A task's name is shortened.
  static func title(_ model: Model, of pane: Pane, columns: Int = .max) -> Line {
    let theme = model.theme
    let style = model.focus == pane ? theme.accent : theme.title
    var line = Line("\(pane.rawValue) \(pane.name)", style)
    for note in pane.content?.notes(model) ?? [] {
      let part = " \(theme.dot) "
      let room = columns == .max ? columns : columns - line.width - DisplayWidth.of(part)
      let isName = note.contains { $0.isLetter } && !note.contains(" ")
      let hasNumber = Truncation.number(of: note).map { $0.count <= room } ?? false
      let text =
        isName && hasNumber ? Truncation.middle(note, room, ellipsis: theme.ellipsis) : note
      guard DisplayWidth.of(text) <= room else { break }
      line.append(part + text, theme.dim)
    }
    return line
  }

  /// `1 Graph ─ 2 Tasks · all 12 ─ 3 Log`; the current one has its notes, if there is room.
  static func title(_ model: Model) -> Line {
    model.arrangement.panes.reduce(into: Line()) { line, pane in
      if line.width > 0 { line.append(separator(model), model.theme.border) }
      line.append(tab(model, pane))
    }
  }

  /// The pane whose tab is at a column of the title.
  static func pane(_ model: Model, at column: Int) -> Pane? {
    var end = 0
    for pane in model.arrangement.panes {
      if end > 0 { end += DisplayWidth.of(separator(model)) }
      let start = end
      end += tab(model, pane).width
      if (start..<end).contains(column) { return pane }
    }
    return nil
  }

  private static func separator(_ model: Model) -> String { " \(model.theme.rule) " }

  private static func tab(_ model: Model, _ pane: Pane) -> Line {
    func bare(_ pane: Pane) -> Line { Line("\(pane.rawValue) \(pane.name)", model.theme.dim) }
    guard pane == model.focus else { return bare(pane) }
    let others = model.arrangement.panes.filter { $0 != pane }
      .reduce(0) { $0 + bare($1).width + DisplayWidth.of(separator(model)) }
    return title(model, of: pane, columns: model.size.columns - 4 - others)
  }
}
