internal import Engine
internal import JobProtocol

extension Model {
  mutating func take(_ input: Input) -> [Effect] {
    status = nil
    switch input {
    case .key(let key): return take(key)
    case .click(let point): click(point)
    case .wheel(let point, let rows): wheel(point, rows)
    }
    return []
  }

  private mutating func take(_ key: Key) -> [Effect] {
    // Escape and the next key, typed or sent too fast to tell apart; no binding uses Alt.
    if case .alt(let character) = key { return take(.escape) + take(.character(character)) }
    if case .question(let question) = overlay { return answer(question, key) }
    if tasks.isTyping { return type(key) }
    guard let action = KeyTable.action(for: key) else { return [] }
    if let objection = objection(to: action) {
      say(objection)
      return []
    }
    return overlay == nil ? perform(action) : performInOverlay(action)
  }

  // MARK: Questions

  private mutating func answer(_ question: Question, _ key: Key) -> [Effect] {
    switch (question, key) {
    case (_, .escape), (_, .control("c")), (_, .character("n")):
      overlay = nil
    case (.leave, .character("q")) where phase != .live: return [.leave(.detach)]
    case (.leave, .character("d")): return [.leave(phase == .closed ? .closed : .detach)]
    case (.leave, .character("s")) where phase == .live:
      return [.world(.control(.stop)), .leave(.stop)]
    case (.cancel(let firing), .character("y")), (.cancel(let firing), .character("x")):
      overlay = nil
      say("asked to cancel \(run.label(firing))")
      return [.world(.control(.cancel([firing.reference])))]
    case (.skip(let firing), .character("y")), (.skip(let firing), .character("s")):
      overlay = nil
      say("asked to skip \(run.label(firing))")
      return [.world(.control(.skip([firing.reference])))]
    case (_, .control("l")): return [.redraw]
    case (_, .control("z")): return [.suspend]
    default: break
    }
    return []
  }

  // MARK: The filter

  private mutating func type(_ key: Key) -> [Effect] {
    switch key {
    case .character(let character) where tasks.filter.count < 100:
      tasks.show(stage: tasks.stage, filter: tasks.filter + String(character))
    case .backspace: tasks.show(stage: tasks.stage, filter: String(tasks.filter.dropLast()))
    case .enter: tasks.isTyping = false
    case .escape, .control("c"):
      tasks.isTyping = false
      tasks.show(stage: tasks.stage, filter: "")
    case .control("u"): tasks.show(stage: tasks.stage, filter: "")
    case .control("l"): return [.redraw]
    case .control("z"): return [.suspend]
    default: break
    }
    return []
  }

  // MARK: The mouse

  private mutating func click(_ point: Point) {
    guard overlay == nil else { return }
    if layout.kind == .onePane, point.row == layout.body.row {
      if let pane = TabsView.pane(at: point.column) { focus = pane }
      return
    }
    guard let pane = layout.pane(at: point), let area = layout.panes[pane]?.inset() else { return }
    focus = pane
    let row = point.row - area.row
    guard (0..<area.rows).contains(row) else { return }
    switch pane {
    case .graph: moveGraph(to: graphWindow.top + row, direction: -1)
    case .tasks:
      if tasks.window.top + row < tasks.count { tasks.choose(at: tasks.window.top + row) }
    case .log: break
    }
  }

  private mutating func wheel(_ point: Point, _ rows: Int) {
    if overlay != nil {
      overlayTop = max(0, overlayTop + rows)
    } else if let pane = layout.pane(at: point) {
      scroll(pane, by: rows)
    }
  }
}
