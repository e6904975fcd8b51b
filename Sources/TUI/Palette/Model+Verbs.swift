internal import Engine
internal import JobProtocol
internal import Workflow

// What verbs are made of.
extension Model {
  /// Asks something of the engine, unless that cannot be.
  ///
  /// - Parameter mends: it means something to a run without an engine, too.
  mutating func ask(
    _ request: ControlRequest, _ what: String, _ words: [String], mends: Bool = false,
    unless isVain: Bool = false, _ why: String = ""
  ) throws(PaletteError) -> [Effect] {
    try refuse(words)
    if let closed = closedObjection(mends: mends) { throw PaletteError(closed) }
    if isVain { throw PaletteError(why) }
    say("asked to \(what)")
    return [.world(.control(request))]
  }

  /// Does what a key would do.
  mutating func perform(_ action: Action, _ words: [String]) throws(PaletteError) -> [Effect] {
    try refuse(words)
    if let objection = objection(to: action) { throw PaletteError(objection) }
    return perform(action)
  }

  func refuse(_ words: [String]) throws(PaletteError) {
    guard let word = words.first else { return }
    throw PaletteError("nothing is to follow here: \(word.displayName)")
  }

  /// Does something to the tasks that words name; without words to those that the focused pane
  /// points at.
  mutating func act(
    _ action: TaskAction, _ words: [String], scope: RetryScope? = nil
  ) throws(PaletteError) -> [Effect] {
    if words.isEmpty, let objection = objectionToUnseen() { throw PaletteError(objection) }
    let named = words.isEmpty ? subjects : try tasks(named: words)
    let fitting = fitting(action, named)
    if fitting.isEmpty, let objection = objection(to: action, named) {
      throw PaletteError(objection)
    }
    if let closed = closedObjection(mends: action.mends) { throw PaletteError(closed) }
    return ask(action, fitting, scope: scope)
  }

  /// Names of tasks, or a filter.
  private func tasks(named words: [String]) throws(PaletteError) -> [FiringID] {
    let labels = words.compactMap { run.workflow.parse(label: $0) }
    if labels.count == words.count {
      let named = labels.map { FiringID($0.0, $0.1) }
      guard let missing = named.first(where: { !run.hasTask($0) }) else { return named }
      let process = run.workflow[missing.process].name.displayName
      let count = run.taskCount(of: missing.process)
      throw PaletteError("there is no task \(run.label(missing)): \(process) has \(count)")
    }
    let found: [FiringID]
    do throws(TaskFilterError) {
      found = run.tasks(matching: try TaskFilter(words.joined(separator: " ")))
    } catch {
      throw PaletteError(error.description)
    }
    guard !found.isEmpty else {
      throw PaletteError("no task fits \(words.joined(separator: " ").displayName)")
    }
    return found
  }
}
