/// The state of the mouse.
struct Pointer: Equatable, Sendable {
  /// The longest time between the clicks of a double click.
  static let doubleClick = 400

  var lastClick: Point?
  var lastClickAt = 0
  /// The border being dragged.
  var divider: Divider?

  mutating func isDouble(_ point: Point, at time: Int) -> Bool {
    let isDouble = lastClick == point && time - lastClickAt <= Self.doubleClick
    lastClick = isDouble ? nil : point
    lastClickAt = time
    return isDouble
  }
}

extension Model {
  /// Selects a pane and a row, or starts to drag a border. A double click opens the row.
  mutating func click(_ point: Point) -> [Effect] {
    if case .menu(let menu) = overlay {
      guard let row = MenuView.item(self, menu, at: point) else {
        overlay = nil
        return []
      }
      return perform(items(of: menu)[guarding: row], of: menu)
    }
    guard overlay == nil, prompt == nil else { return [] }
    let layout = self.layout
    if layout.hints.contains(point) {
      guard let action = HintView.action(self, at: point.column) else { return [] }
      if let objection = objection(to: action) {
        showMessage(objection)
        return []
      }
      return perform(action)
    }
    let isDouble = pointer.isDouble(point, at: now)
    if let pane = TabsView.pane(self, at: point) {
      choose(pane)
      return []
    }
    pointer.divider = layout.divider(at: point)
    guard let pane = layout.pane(at: point), let area = layout.panes[pane]?.inset() else {
      return []
    }
    choose(pane)
    guard area.contains(point) else { return [] }
    let place = Point(column: point.column - area.column, row: point.row - area.row)
    let effects = pane.content?.click(place, on: &self) ?? []
    let open = Action.shell(.open)
    return isDouble && objection(to: open) == nil ? effects + perform(open) : effects
  }

  mutating func drag(to point: Point) {
    guard let divider = pointer.divider else { return }
    layout.move(divider, to: point, in: &arrangement.shares)
  }

  mutating func wheel(_ point: Point, _ rows: Int) {
    if case .menu(var menu) = overlay {
      menu.row = min(max(0, menu.row + rows.signum()), max(0, items(of: menu).count - 1))
      overlay = .menu(menu)
    } else if overlay != nil {
      overlayTop = max(0, overlayTop + rows)
    } else if let pane = layout.pane(at: point) {
      pane.content?.scroll(by: rows, on: &self)
    }
  }
}
