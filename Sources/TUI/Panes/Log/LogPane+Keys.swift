internal import Engine
internal import JobProtocol
internal import Workflow

extension LogPane {
  static func objection(to action: Action, in model: Model) -> String? {
    switch action {
    case .shell(.open): return model.selected == nil ? "no task to open" : nil
    case .log(let action): return objection(to: action, in: model)
    default: return nil
    }
  }

  private static func objection(to action: LogAction, in model: Model) -> String? {
    let log = model.log
    switch action {
    case .next, .previous:
      if log.settings.search == nil { return "no search yet: / searches" }
      return log.viewport.matches?.count == 0 && !log.viewport.hasWork ? "no match" : nil
    case .olderAttempt: return objection(toStep: -1, model)
    case .newerAttempt: return objection(toStep: 1, model)
    case .beside:
      if log.target.isMerged {
        return "a merged log has no attempts side by side: m shows one task's log"
      }
      guard log.target.attempt != nil else { return "no attempt to compare" }
      return attempts(model).count < 2 ? "there is only one attempt" : nil
    case .merge: return model.selected == nil && log.extent == .task ? "no task" : nil
    case .left, .right:
      return log.settings.wraps ? "long lines are wrapped: w turns that off" : nil
    case .copy, .copyAll, .save, .page, .edit, .bare, .nextError, .find, .filter:
      guard log.viewport.book.store.isEmpty else { return nil }
      return isBeingRead(model) ? "the output is still loading" : "no output"
    case .follow, .streams, .times, .wrap: return nil
    }
  }

  /// Whether output that its executor has reported is still arriving.
  private static func isBeingRead(_ model: Model) -> Bool {
    guard let attempt = model.log.target.attempt, !model.log.viewport.book.isComplete(attempt),
      let usage = model.run.record(of: attempt)?.usage
    else { return false }
    return usage.standardOutputBytes + usage.standardErrorBytes > 0
  }

  private static func attempts(_ model: Model) -> [Int] {
    guard let attempt = model.log.target.attempt else { return [] }
    return model.run.task(attempt.firing)?.attempts.map(\.number) ?? []
  }

  /// The attempt `steps` from the current one.
  private static func attempt(_ steps: Int, from model: Model) -> AttemptID? {
    guard let attempt = model.log.target.attempt else { return nil }
    let numbers = attempts(model)
    // With two attempts side by side, the left one counts too.
    let floor = model.log.other == nil ? 0 : 1
    guard let place = numbers.firstIndex(of: attempt.number), place + steps >= floor,
      let number = numbers[guarding: place + steps]
    else { return nil }
    return AttemptID(attempt.firing, number)
  }

  private static func objection(toStep steps: Int, _ model: Model) -> String? {
    guard model.log.target.attempt != nil else { return "no attempt" }
    if attempts(model).count < 2 { return "there is only one attempt" }
    guard attempt(steps, from: model) == nil else { return nil }
    return steps < 0 ? "this is the first attempt" : "this is the last attempt"
  }

  // MARK: Actions

  static func perform(_ action: Action, on model: inout Model) -> [Effect]? {
    if model.log.isTextOnly, let effects = performTextOnly(action, on: &model) { return effects }
    switch action {
    case .log(let action): return perform(action, on: &model)
    case .shell(.open): model.openDetail()
    case .shell(.find): return perform(.find, on: &model)
    case .shell(.back):
      if undoLast(&model) { return [] }
      guard !model.arrangement.isFull, model.formerFocus != .log else { return nil }
      model.choose(model.formerFocus)
    default: return nil
    }
    return []
  }

  private static func perform(_ action: LogAction, on model: inout Model) -> [Effect] {
    switch action {
    case .follow: model.followLog()
    case .find, .filter: openPrompt(action, on: &model)
    case .next, .previous: find(forward: action == .next, on: &model)
    case .nextError: goToNextError(&model)
    case .olderAttempt: model.log.chosen = attempt(-1, from: model)
    case .newerAttempt: model.log.chosen = attempt(1, from: model)
    case .beside: model.log.isSideBySide.toggle()
    case .merge: model.log.extent = nextExtent(model)
    case .streams:
      model.log.settings.streams = model.log.settings.streams.next
      model.log.apply()
    case .times: model.log.settings.times = model.log.settings.times.next
    case .wrap: model.log.settings.wraps.toggle()
    case .left, .right: shift(action == .left ? -1 : 1, on: &model)
    case .copy: return copy(LogExport.screen(model), "the lines on the screen", on: &model)
    case .copyAll: return copy(LogExport.text(model), "the log", on: &model)
    case .save: model.prompt = Prompt(.saveLog, text: LogExport.fileName(model))
    case .page: return [.runProgram(LogExport.programText(model, .pager))]
    case .edit: return [.runProgram(LogExport.programText(model, .editor))]
    case .bare:
      model.log.isTextOnly = true
      return [.setMouse(false)]
    }
    return []
  }

  private static func find(forward: Bool, on model: inout Model) {
    let isAround = model.log.viewport.find(forward: forward, model.logViewSize())
    if isAround {
      model.showMessage(forward ? "continued from the beginning" : "continued from the end")
    }
  }

  /// Goes to the next error after the marked line; at the end, starts again from the beginning.
  private static func goToNextError(_ model: inout Model) {
    let store = model.log.viewport.book.store
    let here = model.log.viewport.current
    let next = here.flatMap { FirstError.find(in: store, after: $0) }
    guard let line = next ?? FirstError.find(in: store) else {
      return model.showMessage("no error found")
    }
    if here != nil, next == nil { model.showMessage("continued from the beginning") }
    model.log.viewport.show(line: line, model.logViewSize(), marks: true)
  }

  private static func nextExtent(_ model: Model) -> Extent {
    switch model.log.extent {
    case .task:
      guard let selected = model.selected else { return .run }
      return .stage(model.run.graph.stageOf[selected.process.index])
    case .stage: return .run
    case .run: return .task
    }
  }

  private static func shift(_ direction: Int, on model: inout Model) {
    let step = max(8, model.logViewSize().columns / 2)
    let shift = model.log.settings.shift + direction * step
    model.log.settings.shift = min(max(0, shift), LogLineParser.maximumColumns)
  }

  private static func copy(_ text: String, _ name: String, on model: inout Model) -> [Effect] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
    model.showMessage("copied \(name): \(lines) \(lines == 1 ? "line" : "lines")")
    return [.copy(text)]
  }

  /// Undoes the latest change of the view, for Escape. Returns whether there was one.
  private static func undoLast(_ model: inout Model) -> Bool {
    if model.log.settings.search != nil {
      model.log.search(nil, seeks: false)
    } else if model.log.settings.filter != nil || model.log.settings.streams != .both {
      model.log.settings.filter = nil
      model.log.settings.streams = .both
      model.log.apply()
    } else if model.log.isSideBySide {
      model.log.isSideBySide = false
    } else if model.log.extent != .task {
      model.log.extent = .task
    } else if model.log.chosen != nil {
      model.log.chosen = nil
    } else {
      return false
    }
    return true
  }

  /// In text-only mode, only scrolling is possible; any other key ends the mode.
  private static func performTextOnly(_ action: Action, on model: inout Model) -> [Effect]? {
    switch action {
    case .move, .log(.next), .log(.previous), .log(.wrap), .log(.left), .log(.right),
      .log(.follow), .shell(.redraw), .shell(.suspend):
      return nil
    default:
      model.log.isTextOnly = false
      return [.setMouse(model.mouseIsOn)]
    }
  }

  // MARK: Prompts

  private static func openPrompt(_ action: LogAction, on model: inout Model) {
    if action == .find {
      model.log.bookmark = model.log.viewport.bookmark
      model.log.searchBefore = model.log.settings.search
      model.prompt = Prompt(.searchLog)
    } else {
      model.prompt = Prompt(.filterLog, text: model.log.settings.filter?.text ?? "")
    }
  }

  static func typed(_ prompt: Prompt, on model: inout Model) {
    let text = prompt.field.text
    let pattern = text.isEmpty ? nil : LinePattern(text)
    switch prompt.purpose {
    case .searchLog:
      if let bookmark = model.log.bookmark { model.log.viewport.go(to: bookmark) }
      model.log.search(pattern, seeks: true)
    case .filterLog:
      model.log.settings.filter = pattern
      model.log.apply()
    default: break
    }
  }

  static func ended(_ prompt: Prompt, isAccepted: Bool, on model: inout Model) -> [Effect] {
    switch prompt.purpose {
    case .searchLog where !isAccepted:
      if let bookmark = model.log.bookmark { model.log.viewport.go(to: bookmark) }
      model.log.search(model.log.searchBefore, seeks: false)
    case .searchLog where prompt.field.text.isEmpty:
      // As in less: an empty pattern repeats the last search.
      if model.log.settings.search == nil { model.log.search(model.log.searchBefore, seeks: true) }
    case .filterLog where !isAccepted:
      model.log.settings.filter = nil
      model.log.apply()
    case .saveLog where isAccepted && !prompt.field.text.isEmpty:
      return [.world(.save(text: LogExport.text(model), path: prompt.field.text))]
    default: break
    }
    return []
  }
}

/// The actions of the log's keys.
enum LogAction: String, CaseIterable, Sendable {
  case follow, find, next, previous, filter, nextError
  case olderAttempt, newerAttempt, beside, merge
  case streams, times, wrap, left, right
  case copy, copyAll, save, page, edit, bare
}

extension LogPane {
  static let bindings: [KeyBinding] = [
    KeyBinding(
      .log(.follow), .view, [.character("G"), .end], "go to the end and follow",
      hint: "follow"),
    KeyBinding(.log(.find), .view, [.character("/")], "search the whole log", hint: "search"),
    KeyBinding(.log(.next), .view, [.character("n")], "next match"),
    KeyBinding(.log(.previous), .view, [.character("N")], "previous match"),
    KeyBinding(
      .log(.filter), .view, [.character("&")], "show only matching lines", hint: "only"),
    KeyBinding(
      .log(.nextError), .view, [.character("E")], "next error", hint: "error"),
    KeyBinding(.log(.olderAttempt), .view, [.character("[")], "previous attempt"),
    KeyBinding(.log(.newerAttempt), .view, [.character("]")], "next attempt"),
    KeyBinding(
      .log(.beside), .view, [.character("b")], "two attempts side by side", hint: "beside"),
    KeyBinding(
      .log(.merge), .view, [.character("m")], "log of the task, its stage, the run",
      hint: "merge"),
    KeyBinding(
      .log(.streams), .view, [.character("o")], "stderr, stdout, or both", hint: "streams"),
    KeyBinding(.log(.times), .view, [.character("t")], "time of day, since the start, none"),
    KeyBinding(.log(.wrap), .view, [.character("w")], "wrap long lines", hint: "wrap"),
    KeyBinding(.log(.left), .view, [.character("<")], "scroll left"),
    KeyBinding(.log(.right), .view, [.character(">")], "scroll right"),
    KeyBinding(.log(.copy), .act, [.character("y")], "copy the lines on the screen", hint: "copy"),
    KeyBinding(.log(.copyAll), .act, [.character("Y")], "copy all shown lines"),
    KeyBinding(.log(.save), .act, [.character("W")], "save all shown lines", hint: "save"),
    KeyBinding(.log(.page), .act, [.character("v")], "open in $PAGER", hint: "pager"),
    KeyBinding(.log(.edit), .act, [.character("V")], "open in $EDITOR"),
    KeyBinding(
      .log(.bare), .act, [.character("c")], "plain text, to select with the mouse",
      hint: "bare"),
  ]
}
