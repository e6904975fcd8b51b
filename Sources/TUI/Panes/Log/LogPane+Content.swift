internal import Engine
import HumanText
internal import JobProtocol
internal import Workflow

extension LogPane: PaneContent {
  /// Bytes of lines to scan after each message; takes some milliseconds.
  private static let budget = 4 << 20

  static let streams = true

  static func notes(_ model: Model) -> [String] {
    let log = model.log
    var notes: [String]
    switch log.target {
    case .nothing: return []
    case .attempt(let attempt):
      notes = [model.run.label(attempt.firing)]
      let count = model.run.task(attempt.firing)?.attemptCount ?? 1
      if count > 1 { notes.append("attempt \(attempt.number) of \(count)") }
    case .sideBySide(let one, let two):
      notes = [model.run.label(two.firing), "attempts \(one.number) and \(two.number)"]
    case .stage(let index):
      notes = ["stage \(model.run.graph.stages[index].name.displayName)", tasks(log)]
    case .run: notes = ["the whole run", tasks(log)]
    }
    return notes + [mode(model)]
  }

  private static func tasks(_ log: LogPane) -> String {
    Formats.counted(Set(log.viewport.book.sources.map(\.firing)).count, "task")
  }

  private static func mode(_ model: Model) -> String {
    if model.logEnding() != nil { return "complete" }
    return model.log.isFollowing ? "following" : "paused"
  }

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    LogView.draw(model, in: area, on: &buffer)
  }

  static func scroll(by rows: Int, on model: inout Model) {
    let wasRefusing = model.log.viewport.book.refusedLines > 0
    model.eachLog { viewport, view in viewport.scroll(by: rows, view) }
    if wasRefusing, model.log.viewport.isFollowing { model.catchUpLog() }
  }

  static func jump(toEnd: Bool, on model: inout Model) {
    if toEnd { return model.followLog() }
    model.eachLog { viewport, view in viewport.scrollToTop(view) }
  }

  /// Shows the output of the selected task's last attempt, or of the target that the user has
  /// chosen.
  static func refresh(_ model: inout Model) -> [Effect] {
    var effects: [Effect] = []
    let target = model.logTarget
    if target != model.log.target || model.log.mustReload {
      if model.log.mustReload { effects.append(.world(.followLogs(.attempts([])))) }
      model.log.mustReload = false
      model.log.change(to: target)
      effects.append(.world(.followLogs(model.log.missing(model.run))))
    }
    effects += model.log.takeUnread(model.run).map { .world(.readOutputFiles(of: $0)) }
    model.eachLog { viewport, view in viewport.scan(budget: budget, view) }
    return effects
  }
}

extension Model {
  /// The output to show.
  fileprivate var logTarget: LogTarget {
    switch log.extent {
    case .stage(let index): return .stage(index)
    case .run: return .run
    case .task: break
    }
    guard let selected, let last = run.lastAttempt(of: selected) else { return .nothing }
    let chosen = log.chosen.flatMap { $0.firing == selected ? $0 : nil }
    let pointedAttempt = pointedAttempt.flatMap { $0.firing == selected ? $0 : nil }
    let attempt = chosen ?? pointedAttempt ?? last
    guard log.isSideBySide else { return .attempt(attempt) }
    let numbers = run.task(selected)?.attempts.map(\.number) ?? []
    guard let place = numbers.firstIndex(of: attempt.number), numbers.count > 1 else {
      return .attempt(attempt)
    }
    let right = max(1, place)
    return .sideBySide(
      AttemptID(selected, numbers[right - 1]), AttemptID(selected, numbers[right]))
  }

  mutating func followLog() {
    eachLog { viewport, _ in viewport.follow() }
    if log.viewport.book.refusedLines > 0 { catchUpLog() }
  }

  /// Reads the log again, including lines that were rejected.
  fileprivate mutating func catchUpLog() {
    log.returnToPreviousTarget()
    log.mustReload = true
  }
}
