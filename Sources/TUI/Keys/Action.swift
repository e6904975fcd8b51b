/// What a key can mean. Each has one line in the ``KeyTable``.
enum Action: CaseIterable, Sendable {
  case up, down, left, right, pageUp, pageDown, halfUp, halfDown, first, last
  case nextPane, previousPane, graphPane, tasksPane, logPane
  case open, back, full, follow, filter
  case retry, retryAll, skip, cancel
  case help, mouse, redraw, suspend, quit
}
