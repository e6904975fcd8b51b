extension Model {
  /// Draws the whole screen. Does not change the model.
  func draw() -> CellBuffer {
    var buffer = CellBuffer(layout.size, ascii: theme.ascii)
    let layout = self.layout
    if log.isTextOnly {
      LogView.drawTextOnly(self, on: &buffer)
      if status != nil {
        buffer.fill(layout.hints)
        HintView.draw(self, in: layout.hints, on: &buffer)
      }
      return buffer
    }
    if layout.kind == .oneLine, case .edit(let form) = overlay, layout.body.rows >= 4 {
      EditView.draw(self, form, in: layout.body, on: &buffer)
      HintView.draw(self, in: layout.hints, on: &buffer)
      return buffer
    }
    guard layout.kind != .oneLine else {
      OneLineView.draw(self, in: layout, on: &buffer)
      return buffer
    }
    HeaderView.draw(self, in: layout.header, on: &buffer)
    switch overlay {
    case .help: HelpView.draw(self, in: layout.body, on: &buffer)
    case .edit(let form): drawForm(form, layout, on: &buffer)
    case .menu(let menu):
      drawPanes(layout, on: &buffer)
      MenuView.draw(self, menu, on: &buffer)
    case .question, nil: drawPanes(layout, on: &buffer)
    }
    PaletteView.draw(self, in: layout, on: &buffer)
    HintView.draw(self, in: layout.hints, on: &buffer)
    return buffer
  }

  private func drawPanes(_ layout: Layout, on buffer: inout CellBuffer) {
    for (pane, area) in layout.panes {
      let isCorner = pane == layout.corner
      let columns =
        isCorner ? TabsView.titleColumns(self, in: area) : area.columns - 4
      Frame.draw(
        area, title: TabsView.title(self, of: pane, columns: columns), isFocused: pane == focus,
        theme: theme, on: &buffer)
      if isCorner { TabsView.draw(self, in: area, on: &buffer) }
      pane.content?.draw(self, in: area, on: &buffer)
    }
  }

  /// Draws the form, and the lower pane below it if the screen is high enough.
  private func drawForm(_ form: EditForm, _ layout: Layout, on buffer: inout CellBuffer) {
    let lower = arrangement.slots.lower
    guard layout.kind == .stacked, let below = layout.panes[lower] else {
      return EditView.draw(self, form, in: layout.body, on: &buffer)
    }
    let title = TabsView.title(self, of: lower, columns: below.columns - 4)
    Frame.draw(below, title: title, isFocused: false, theme: theme, on: &buffer)
    lower.content?.draw(self, in: below, on: &buffer)
    var above = layout.body
    above.rows -= below.rows
    EditView.draw(self, form, in: above, on: &buffer)
  }

  /// The lines of an overlay, for scrolling.
  var overlayLineCount: Int {
    switch overlay {
    case .help: HelpView.lines(self, columns: size.columns).count
    case .question, .edit, .menu, nil: 0
    }
  }
}
