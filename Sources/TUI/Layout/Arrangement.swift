/// How the user has arranged the screen: the place of each pane, and the focus.
struct Arrangement: Equatable, Sendable {
  var slots = Slots()
  var shares = Shares()
  var focus = Pane.tasks
  /// An open pane without a slot: over the body, or in its own place on a very wide screen.
  var opened: Pane?
  /// Whether the focused pane fills the body.
  var isFull = false

  /// The panes that have a place of their own.
  struct Slots: Equatable, Sendable {
    var left = Pane.graph
    var upper = Pane.tasks
    var lower = Pane.log

    var all: [Pane] { [left, upper, lower] }
  }

  /// The positions of borders that the user has dragged, in thousandths; `nil` for the
  /// default.
  struct Shares: Equatable, Sendable {
    /// The part of the body to the left of the first border: on screens of less than 200 columns,
    /// and on wider ones.
    var left: Int?
    var leftOfThree: Int?
    /// The part of the height above the lower border of the upper pane, and above that of an
    /// open pane.
    var upper: Int?
    var opened: Int?
  }

  /// In the order of Tab.
  var panes: [Pane] { slots.all + (opened.map { [$0] } ?? []) }

  /// Focuses a pane, and opens it if it has no slot.
  mutating func choose(_ pane: Pane, keepsOpened: Bool) {
    if slots.all.contains(pane) {
      if !keepsOpened { opened = nil }
    } else {
      opened = pane
    }
    focus = pane
  }

  /// Closes the open pane and returns the focus.
  mutating func close(returningTo pane: Pane) {
    guard let opened else { return }
    self.opened = nil
    if focus == opened { focus = slots.all.contains(pane) ? pane : slots.upper }
  }
}
