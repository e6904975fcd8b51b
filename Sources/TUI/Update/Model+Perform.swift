internal import Engine
import HumanText
internal import JobProtocol

extension Model {
  /// Performs an action: first the focused pane, then the shell.
  mutating func perform(_ action: Action) -> [Effect] {
    if action.acts, let objection = objectionToUnseen() {
      showMessage(objection)
      return []
    }
    if tasks.marks.isDrawing, !action.keepsDrawing { tasks.endRange() }
    if let effects = focus.content?.perform(action, on: &self) { return effects }
    switch action {
    case .move(let move): self.move(move)
    case .show(let pane): choose(pane)
    case .shell(let action): return perform(action)
    case .task(let action): return request(action, applicable(action, subjects))
    case .run(let action): return perform(action)
    case .replay(let action): return perform(action)
    case .tasks, .failures, .detail, .graph, .log, .timeline, .workers, .events, .runs: break
    }
    return []
  }

  private mutating func perform(_ action: ShellAction) -> [Effect] {
    switch action {
    case .open: break
    case .menu: openMenu()
    case .back: back()
    case .full: arrangement.isFull.toggle()
    case .find: return TasksPane.perform(.shell(.find), on: &self) ?? []
    case .nextError: goToNextFailure()
    case .nextPane: choose(neighbour(1))
    case .previousPane: choose(neighbour(-1))
    case .palette: openPalette()
    case .help: show(.help)
    case .mouse:
      mouseIsOn.toggle()
      showMessage(mouseIsOn ? "mouse on" : "mouse off: the terminal selects text")
      return [.setMouse(mouseIsOn)]
    case .plain: return [.setPlain(!isPlain)]
    case .redraw: return [.redraw]
    case .suspend: return [.suspend]
    case .quit: return quit()
    }
    return []
  }

  /// Selects the next failed task that the table shows.
  private mutating func goToNextFailure() {
    choose(.tasks)
    let (count, start) = (tasks.count, tasks.cursor ?? -1)
    for steps in 1...max(1, count) {
      let place = (start + steps) % max(1, count)
      guard let task = tasks.firing(at: place), run.state(of: task).needsAttention else { continue }
      if place <= start { showMessage("continued from the beginning") }
      return tasks.choose(at: place)
    }
    showMessage("no failed task is shown")
  }

  // MARK: The run

  private mutating func perform(_ action: RunAction) -> [Effect] {
    switch action {
    case .pause: return send(run.isPaused ? .continue : .pause, run.isPaused ? "continue" : "pause")
    case .moreSlots:
      return send(.slots(slotCount + 1), "run \(Formats.counted(slotCount + 1, "job")) at a time")
    case .fewerSlots:
      return send(.slots(slotCount - 1), "run \(Formats.counted(slotCount - 1, "job")) at a time")
    case .failFast:
      let description = run.failsFast ? "keep going after failures" : "stop at the first failure"
      return send(.failFast(!run.failsFast), description)
    case .stop: overlay = .question(.stop)
    case .close:
      // Nothing is lost: there is nothing to retry.
      if run.status == .succeeded { return send(.close, "close the run") }
      overlay = .question(.close)
    }
    return []
  }

  /// Shows that a request was sent. Its effect is shown when it is in the journal.
  mutating func showRequested(_ description: String) {
    showMessage("requested: \(description)")
    awaitsAnswer = true
  }

  private mutating func send(_ request: ControlRequest, _ description: String) -> [Effect] {
    showRequested(description)
    return [.world(.control(request))]
  }

  // MARK: Panes

  /// The pane `steps` after the focused one, cyclically.
  private func neighbour(_ steps: Int) -> Pane {
    let panes = arrangement.panes
    let place = panes.firstIndex(of: focus) ?? 0
    return panes[(place + steps + panes.count) % panes.count]
  }

  private mutating func goSideways(_ steps: Int) {
    switch layout.kind {
    case .onePane, .split, .stacked: choose(neighbour(steps))
    case .twoColumns, .wide:
      let slots = arrangement.slots
      if steps < 0 { choose(slots.left) } else if focus == slots.left { choose(slots.upper) }
    case .oneLine: break
    }
  }

  private mutating func back() {
    if focus == arrangement.opened {
      close(focus)
    } else if arrangement.isFull {
      arrangement.isFull = false
    } else if tasks.isFiltered {
      tasks.widen(run)
    }
  }

  private mutating func quit() -> [Effect] {
    if phase == .closed || replay != nil { return [.leave(.closed)] }
    // Nothing is lost: nothing runs, or there is nothing to retry.
    if lacksEngine || phase == .open && run.status == .succeeded { return [.leave(.detach)] }
    overlay = .question(.leave)
    return []
  }

  // MARK: Help

  private mutating func show(_ overlay: Overlay) {
    self.overlay = overlay
    overlayTop = 0
  }

  mutating func performInHelp(_ action: Action) -> [Effect] {
    let height = max(1, layout.body.rows - 2)
    switch action {
    case .move(.first): overlayTop = 0
    case .move(.last): overlayTop = Int.max / 2
    case .move(let move): overlayTop += rows(of: move, page: height)
    case .shell(.back), .shell(.open), .shell(.help), .shell(.quit): overlay = nil
    case .shell(.mouse): return perform(.mouse)
    case .shell(.plain): return perform(.plain)
    default: break
    }
    overlayTop = min(max(0, overlayTop), max(0, overlayLineCount - height))
    return []
  }

  // MARK: Moving

  private mutating func move(_ move: Action.Move) {
    switch move {
    case .left: goSideways(-1)
    case .right: goSideways(1)
    case .first: focus.content?.jump(toEnd: false, on: &self)
    case .last: focus.content?.jump(toEnd: true, on: &self)
    default:
      let page = max(1, layout.height(focus) - 1)
      focus.content?.scroll(by: rows(of: move, page: page), on: &self)
    }
  }

  private func rows(of move: Action.Move, page: Int) -> Int {
    switch move {
    case .up: -1
    case .down: 1
    case .pageUp: -page
    case .pageDown: page
    case .halfUp: -max(1, page / 2)
    case .halfDown: max(1, page / 2)
    case .left, .right, .first, .last: 0
    }
  }
}
