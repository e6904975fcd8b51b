internal import Engine
internal import JobProtocol
internal import Workflow

// Helpers for verbs.
extension Model {
  /// Sends a request to the engine, if possible.
  ///
  /// - Parameter mends: the request restarts the engine of a run that has none.
  mutating func ask(
    _ request: ControlRequest, _ what: String, _ words: [String], mends: Bool = false,
    unless isVain: Bool = false, _ why: String = ""
  ) throws(PaletteError) -> [Effect] {
    try refuse(words)
    if let closed = closedObjection(mends: mends) { throw PaletteError(closed) }
    if isVain { throw PaletteError(why) }
    self.request(what)
    return [.world(.control(request))]
  }

  /// Does the same as a key.
  mutating func perform(_ action: Action, _ words: [String]) throws(PaletteError) -> [Effect] {
    try refuse(words)
    if let objection = objection(to: action) { throw PaletteError(objection) }
    return perform(action)
  }

  func refuse(_ words: [String]) throws(PaletteError) {
    guard let word = words.first else { return }
    throw PaletteError("unexpected argument: \(word.displayName)")
  }

  /// Acts on the named tasks, or on the selected ones if none is named.
  mutating func act(
    _ action: TaskAction, _ words: [String], scope: RetryScope? = nil
  ) throws(PaletteError) -> [Effect] {
    if words.isEmpty, let objection = objectionToUnseen() { throw PaletteError(objection) }
    let named = words.isEmpty ? subjects : try tasks(named: words)
    let fitting = applicable(action, named)
    if fitting.isEmpty, let objection = objection(to: action, named) {
      throw PaletteError(objection)
    }
    if let closed = closedObjection(mends: action.mends) { throw PaletteError(closed) }
    return ask(action, fitting, scope: scope)
  }

  /// The tasks of names or a filter.
  private func tasks(named words: [String]) throws(PaletteError) -> [FiringID] {
    let labels = words.compactMap { run.workflow.parse(label: $0) }
    if labels.count == words.count {
      let named = labels.map { FiringID($0.0, $0.1) }
      guard let missing = named.first(where: { !run.hasTask($0) }) else { return named }
      let process = run.workflow[missing.process].name.displayName
      let count = run.taskCount(of: missing.process)
      throw PaletteError("unknown task \(run.label(missing)): \(process) has \(count)")
    }
    let found: [FiringID]
    do throws(TaskFilterError) {
      found = run.tasks(matching: try TaskFilter(words.joined(separator: " ")))
    } catch {
      throw PaletteError(error.description)
    }
    guard !found.isEmpty else {
      throw PaletteError("no task matches \(words.joined(separator: " ").displayName)")
    }
    return found
  }
}
