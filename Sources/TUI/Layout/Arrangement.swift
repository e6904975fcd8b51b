/// What a person has made of the screen: which pane sits where, and which one has the keys.
struct Arrangement: Equatable, Sendable {
  var slots = Slots()
  var shares = Shares()
  var focus = Pane.tasks
  /// A pane without a slot that was opened: over the body, or in the room that a very wide screen
  /// has for it.
  var opened: Pane?
  /// The focused pane has the whole body.
  var isFull = false

  /// The panes that have a place of their own.
  struct Slots: Equatable, Sendable {
    var left = Pane.graph
    var upper = Pane.tasks
    var lower = Pane.log

    var all: [Pane] { [left, upper, lower] }
  }

  /// Where the borders are that a person dragged, in thousandths of what they part; `nil`: where
  /// they are by themselves.
  struct Shares: Equatable, Sendable {
    /// Of the body that is left of the first border, with two columns and with three.
    var left: Int?
    var leftOfThree: Int?
    /// Of the right column that is above.
    var upper: Int?
    /// Of the two right columns that the first of them has, and of their height above an opened
    /// pane.
    var middle: Int?
    var above: Int?
    /// Of the height that an opened pane has above the lower one, with two columns.
    var opened: Int?
  }

  /// In the order of Tab.
  var panes: [Pane] { slots.all + (opened.map { [$0] } ?? []) }

  /// Gives a pane the keys, and opens it where it has no slot.
  mutating func choose(_ pane: Pane, keepsOpened: Bool) {
    if slots.all.contains(pane) {
      if !keepsOpened { opened = nil }
    } else {
      opened = pane
    }
    focus = pane
  }

  /// Closes the opened pane; the focus goes back to where it came from.
  mutating func close(returningTo pane: Pane) {
    guard let opened else { return }
    self.opened = nil
    if focus == opened { focus = slots.all.contains(pane) ? pane : slots.upper }
  }
}
