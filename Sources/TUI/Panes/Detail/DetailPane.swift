internal import Engine
internal import JobProtocol
internal import Workflow

/// The actions of the detail's keys.
enum DetailAction: String, CaseIterable, Sendable {
  case copy
}

/// Everything about the selected task, as lines to scroll.
struct DetailPane: PaneContent {
  /// How often a task's files are inspected while it runs, and how often an expensive reason
  /// for waiting is computed while events come.
  private static let fileInterval = 5000
  private static let reasonInterval = 500

  private(set) var top = 0
  /// Why the selected task waits.
  private(set) var explanation = Explanation()
  /// Facts about the files of its signals.
  private(set) var files: [String: FileFact] = [:]
  /// Resource use of attempts whose output was received.
  private(set) var usage: [AttemptID: UsageSeries] = [:]
  private var explained: (task: FiringID?, events: Int, at: Int) = (nil, -1, .min / 2)
  private var asked: (task: FiringID?, state: TaskState?, at: Int) = (nil, nil, .min / 2)

  mutating func scroll(by rows: Int, lines: Int, height: Int) {
    top = min(max(0, top + rows), max(0, lines - height))
  }

  /// The next opening starts at the top, with fresh files.
  mutating func reopen() {
    top = 0
    files = [:]
    asked = (nil, nil, .min / 2)
  }

  mutating func handle(_ facts: [FileFact]) {
    for fact in facts { files[fact.name] = fact }
  }

  mutating func handle(_ update: LogUpdate) {
    guard update.chunks.contains(where: { $0.stream == .usage }) else { return }
    if usage[update.attempt] == nil, usage.count >= 64 { usage.removeAll() }
    usage[update.attempt, default: UsageSeries()].receive(update.chunks)
  }

  mutating func explain(_ task: FiringID, _ run: RunState, now: Int, isLive: Bool) {
    let isOld = !isLive || now - explained.at >= Self.reasonInterval || now < explained.at
    guard explained.task != task || isOld && explained.events != run.eventCount else { return }
    explained = (task, run.eventCount, now)
    explanation = run.explanation(of: task)
  }

  /// The files to inspect now, if any.
  mutating func filesToInspect(of task: FiringID, _ run: RunState, now: Int) -> [String] {
    let state = run.state(of: task)
    let isDue = !state.isOver && now - asked.at >= Self.fileInterval
    guard asked.task != task || asked.state != state || isDue else { return [] }
    if asked.task != task { files = [:] }
    asked = (task, state, now)
    return DetailFiles.names(of: task, run)
  }
}

extension Model {
  /// Opens the selected task, which stays selected.
  mutating func openDetail() {
    tasks.keepSelection()
    detail.reopen()
    choose(.detail)
  }
}

// MARK: - In the shell

extension DetailPane {
  static let bindings: [KeyBinding] = [
    KeyBinding(.detail(.copy), .view, [.character("y")], "copy the command")
  ]

  static func notes(_ model: Model) -> [String] {
    model.selected.map { [model.run.label($0)] } ?? []
  }

  static func draw(_ model: Model, in area: Rectangle, on buffer: inout CellBuffer) {
    DetailView.draw(model, in: area, on: &buffer)
  }

  static var opening: String { "its log" }

  static func objection(to action: Action, in model: Model) -> String? {
    guard action == .detail(.copy) else { return nil }
    let hasCommand = model.selected.map { model.run.command(of: $0) != nil } ?? false
    return hasCommand ? nil : "the task runs no command"
  }

  static func perform(_ action: Action, on model: inout Model) -> [Effect]? {
    switch action {
    case .shell(.open): model.choose(.log)
    case .move(.left): model.close(.detail)
    case .detail(.copy):
      guard let command = model.selected.flatMap({ model.run.command(of: $0) }) else { return [] }
      model.showMessage("copied the command")
      return [.copy(CommandText.text(command))]
    default: return nil
    }
    return []
  }

  /// For a task that has not fired: the failed tasks that it waits for, because keys act on those.
  static func subjects(_ model: Model) -> [FiringID]? {
    guard let selected = model.selected else { return [] }
    return model.run.task(selected) == nil
      ? [selected] + model.detail.explanation.stuck : [selected]
  }

  static func scroll(by rows: Int, on model: inout Model) {
    guard let firing = model.selected else { return }
    model.detail.scroll(
      by: rows, lines: DetailView.lines(model, firing).count,
      height: model.layout.height(.detail))
  }

  static func jump(toEnd: Bool, on model: inout Model) {
    scroll(by: toEnd ? Int.max / 2 : -Int.max / 2, on: &model)
  }

  static func handle(_ update: LogUpdate, on model: inout Model) { model.detail.handle(update) }

  static func refresh(_ model: inout Model) -> [Effect] {
    // The detail is hidden while a task is edited.
    if case .edit = model.overlay { return [] }
    guard model.layout.panes[.detail] != nil, let task = model.selected else { return [] }
    model.detail.explain(task, model.run, now: model.now, isLive: model.phase == .live)
    scroll(by: 0, on: &model)
    let names = model.detail.filesToInspect(of: task, model.run, now: model.now)
    guard !names.isEmpty, let directory = model.run.info?.directory else { return [] }
    let host = model.run.engine?.host
    return [.world(.inspectFiles(FileQuestion(names: names, directory: directory, host: host)))]
  }
}
