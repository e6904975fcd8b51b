internal import Engine
internal import JobProtocol

extension Model {
  mutating func perform(_ action: Action) -> [Effect] {
    if let effects = performOnRun(action) ?? performOnProgram(action) { return effects }
    switch action {
    case .nextPane: focus = pane(after: focus, 1)
    case .previousPane: focus = pane(after: focus, 2)
    case .graphPane: focus = .graph
    case .tasksPane: focus = .tasks
    case .logPane: focus = .log
    case .left: focus = layout.kind == .threePanes ? .graph : pane(after: focus, 2)
    case .right:
      if layout.kind == .onePane { focus = pane(after: focus, 1) }
      if layout.kind == .threePanes, focus == .graph { focus = .tasks }
    case .open: open()
    case .back: back()
    case .full: isFull.toggle()
    case .follow: log.toggleFollowing(height: logHeight, tail: logTail)
    case .filter:
      focus = .tasks
      tasks.isTyping = true
    default: move(action)
    }
    return []
  }

  private func pane(after pane: Pane, _ steps: Int) -> Pane {
    Pane(rawValue: (pane.rawValue - 1 + steps) % 3 + 1) ?? pane
  }

  // MARK: The run

  private mutating func performOnRun(_ action: Action) -> [Effect]? {
    switch action {
    case .retry:
      guard let selected else { return [] }
      say("asked to retry \(run.label(selected))")
      return [.world(.control(.retry([selected.reference], .alone)))]
    case .retryAll:
      say("asked to retry \(run.counts.needingAttention) failed")
      return [.world(.control(.retryAllFailed))]
    case .skip: overlay = selected.map { .question(.skip($0)) }
    case .cancel: overlay = selected.map { .question(.cancel($0)) }
    default: return nil
    }
    return []
  }

  // MARK: The program

  private mutating func performOnProgram(_ action: Action) -> [Effect]? {
    switch action {
    case .help: show(.help)
    case .mouse:
      mouseIsOn.toggle()
      say(mouseIsOn ? "mouse on" : "mouse off: the terminal selects text again")
      return [.setMouse(mouseIsOn)]
    case .redraw: return [.redraw]
    case .suspend: return [.suspend]
    case .quit:
      if phase == .closed { return [.leave(.closed)] }
      // Nothing is lost: there is nothing left to retry.
      if phase == .open, run.status == .succeeded { return [.leave(.detach)] }
      overlay = .question(.leave)
    default: return nil
    }
    return []
  }

  private mutating func show(_ overlay: Overlay) {
    self.overlay = overlay
    overlayTop = 0
  }

  private mutating func open() {
    switch focus {
    case .graph:
      tasks.show(stage: selectedStage, filter: "")
      focus = .tasks
    case .tasks, .log:
      if let selected { show(.detail(selected)) }
    }
  }

  private mutating func back() {
    if isFull {
      isFull = false
    } else if tasks.isFiltered {
      tasks.show(stage: nil, filter: "")
    } else {
      tasks.unchoose()
    }
  }

  // MARK: Over the panes

  mutating func performInOverlay(_ action: Action) -> [Effect] {
    if let effects = performOnRun(action) { return effects }
    let height = max(1, layout.body.rows - 2)
    switch action {
    case .up: overlayTop -= 1
    case .down: overlayTop += 1
    case .pageUp: overlayTop -= height
    case .pageDown: overlayTop += height
    case .halfUp: overlayTop -= height / 2
    case .halfDown: overlayTop += height / 2
    case .first: overlayTop = 0
    case .last: overlayTop = Int.max / 2
    case .back, .open, .left: overlay = nil
    case .help: if overlay == .help { overlay = nil } else { show(.help) }
    case .quit: overlay = nil
    case .redraw, .suspend, .mouse: return performOnProgram(action) ?? []
    default: break
    }
    overlayTop = min(max(0, overlayTop), max(0, overlayLineCount - height))
    return []
  }

  // MARK: Moving

  private mutating func move(_ action: Action) {
    let page = max(1, layout.height(focus) - 1)
    switch action {
    case .up: scroll(focus, by: -1)
    case .down: scroll(focus, by: 1)
    case .pageUp: scroll(focus, by: -page)
    case .pageDown: scroll(focus, by: page)
    case .halfUp: scroll(focus, by: -max(1, page / 2))
    case .halfDown: scroll(focus, by: max(1, page / 2))
    case .first: jump(toEnd: false)
    case .last: jump(toEnd: true)
    default: break
    }
  }

  mutating func scroll(_ pane: Pane, by rows: Int) {
    switch pane {
    case .graph: moveGraph(to: graphWindow.cursor + rows, direction: rows)
    case .tasks: tasks.move(by: rows)
    case .log: log.scroll(by: rows, height: logHeight, tail: logTail)
    }
  }

  private mutating func jump(toEnd: Bool) {
    switch focus {
    case .graph: moveGraph(to: toEnd ? graphRows.count - 1 : 0, direction: toEnd ? -1 : 1)
    case .tasks: tasks.choose(at: toEnd ? tasks.count - 1 : 0)
    case .log:
      if toEnd { log.follow() } else { log.scrollToTop(height: logHeight, tail: logTail) }
    }
  }

  /// Puts the cursor on a stage: rows that only carry lanes are stepped over.
  mutating func moveGraph(to row: Int, direction: Int) {
    let rows = graphRows
    let step = direction < 0 ? -1 : 1
    var row = min(max(0, row), max(0, rows.count - 1))
    while rows.indices.contains(row), rows[row].stage == nil { row += step }
    guard rows.indices.contains(row) else { return }
    graphWindow.place(cursor: row, count: rows.count, height: layout.height(.graph))
  }
}
