internal import Engine
internal import JobProtocol

/// What the keys of the log mean.
enum LogAction: String, CaseIterable, Sendable {
  case follow
}

extension LogPane: PaneContent {
  static let bindings = [
    KeyBinding(
      .log(.follow), .look, [.character("F")], "follow the output, or pause it", hint: "follow")
  ]

  static func notes(_ model: Model) -> [String] {
    guard let attempt = model.log.attempt else { return [] }
    var notes = [model.run.label(attempt.firing)]
    if attempt.number > 1 { notes.append("attempt \(attempt.number)") }
    if !model.log.isFollowing {
      notes.append("paused")
    } else {
      notes.append(model.endOfLoggedAttempt == nil ? "following" : "complete")
    }
    if model.log.droppedLines > 0 { notes.append("\(model.log.droppedLines) lines dropped") }
    return notes
  }

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    LogView.draw(model, in: area, on: &buffer)
  }

  static func objection(to action: Action, in model: Model) -> String? {
    action == .shell(.open) && model.selected == nil ? "there is no task to open" : nil
  }

  static func perform(_ action: Action, on model: inout Model) -> [Effect]? {
    switch action {
    case .log(.follow):
      model.log.toggleFollowing(height: model.logHeight, tail: model.logTail)
    case .shell(.open): model.openDetail()
    default: return nil
    }
    return []
  }

  static func scroll(by rows: Int, on model: inout Model) {
    model.log.scroll(by: rows, height: model.logHeight, tail: model.logTail)
  }

  static func jump(toEnd: Bool, on model: inout Model) {
    if toEnd { return model.log.follow() }
    model.log.scrollToTop(height: model.logHeight, tail: model.logTail)
  }

  /// Shows the output of the selected task's last attempt.
  static func settle(_ model: inout Model) -> [Effect] {
    let attempt = model.selected.flatMap { model.run.lastAttempt(of: $0) }
    guard attempt != model.log.attempt else { return [] }
    model.log = LogPane(attempt: attempt)
    return [.world(.followLogs(attempt.map { [$0] } ?? []))]
  }
}

extension Model {
  /// Lines below a log: how the attempt ended.
  var logTail: Int { endOfLoggedAttempt == nil ? 0 : 1 }

  var endOfLoggedAttempt: AttemptRecord? {
    guard let attempt = log.attempt else { return nil }
    return run.task(attempt.firing)?.attempts
      .first { $0.number == attempt.number && $0.outcome != nil }
  }

  var logHeight: Int { layout.height(.log) }
}
