/// The titles of the panes: one for each box, or all in the one box of a narrow screen.
enum TabsView {
  static func title(_ model: Model, of pane: Pane) -> Line {
    let theme = model.theme
    let style = model.focus == pane ? theme.accent : theme.title
    var line = Line("\(pane.rawValue) \(pane.name)", style)
    for note in pane.content?.notes(model) ?? [] {
      line.append(" \(theme.dot) \(note)", theme.dim)
    }
    return line
  }

  /// `1 Graph ─ 2 Tasks · all 12 ─ 3 Log`; the open one says more.
  static func title(_ model: Model) -> Line {
    model.arrangement.panes.reduce(into: Line()) { line, pane in
      if line.width > 0 { line.append(separator(model), model.theme.border) }
      line.append(tab(model, pane))
    }
  }

  /// The pane whose tab has a column of the title.
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
    pane == model.focus
      ? title(model, of: pane) : Line("\(pane.rawValue) \(pane.name)", model.theme.dim)
  }
}
