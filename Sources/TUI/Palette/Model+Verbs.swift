internal import Engine
internal import JobProtocol
internal import Workflow

// Helpers for verbs.
extension Model {
  /// Sends a request to the engine, if possible.
  ///
  /// - Parameters: `restartsEngine`: the request restarts the engine of a run that has none.
  ///   `isPointless`: the request would have no effect; `objection` is the error.
  mutating func send(
    _ request: ControlRequest, _ description: String, _ arguments: [String],
    restartsEngine: Bool = false,
    unless isPointless: Bool = false, _ objection: String = ""
  ) throws(PaletteError) -> [Effect] {
    try rejectArguments(arguments)
    if let closed = closedObjection(restartsEngine: restartsEngine) { throw PaletteError(closed) }
    if isPointless { throw PaletteError(objection) }
    showRequested(description)
    return [.world(.control(request))]
  }

  /// Does the same as a key.
  mutating func perform(_ action: Action, _ arguments: [String]) throws(PaletteError) -> [Effect] {
    try rejectArguments(arguments)
    if let objection = objection(to: action) { throw PaletteError(objection) }
    return perform(action)
  }

  func rejectArguments(_ arguments: [String]) throws(PaletteError) {
    guard let word = arguments.first else { return }
    throw PaletteError("unexpected argument: \(word.displayName)")
  }

  /// Acts on the named tasks, or on the selected ones if none is named.
  mutating func performOnTasks(
    _ action: TaskAction, _ arguments: [String], scope: RetryScope? = nil
  ) throws(PaletteError) -> [Effect] {
    if arguments.isEmpty, let objection = objectionToUnseen() { throw PaletteError(objection) }
    let named = arguments.isEmpty ? subjects : try tasks(named: arguments)
    let fitting = applicable(action, named)
    if fitting.isEmpty, let objection = objection(to: action, named) {
      throw PaletteError(objection)
    }
    if let closed = closedObjection(restartsEngine: action.restartsEngine) {
      throw PaletteError(closed)
    }
    return request(action, fitting, scope: scope)
  }

  /// The tasks of names or a filter.
  private func tasks(named arguments: [String]) throws(PaletteError) -> [FiringID] {
    let labels = arguments.compactMap { run.workflow.parse(label: $0) }
    if labels.count == arguments.count {
      let named = labels.map { FiringID($0.0, $0.1) }
      guard let missing = named.first(where: { !run.hasTask($0) }) else { return named }
      let process = run.workflow[missing.process].name.displayName
      let count = run.taskCount(of: missing.process)
      throw PaletteError("unknown task \(run.label(missing)): \(process) has \(count)")
    }
    let found: [FiringID]
    do throws(TaskFilterError) {
      found = run.tasks(matching: try TaskFilter(arguments.joined(separator: " ")))
    } catch {
      throw PaletteError(error.description)
    }
    guard !found.isEmpty else {
      throw PaletteError("no task matches \(arguments.joined(separator: " ").displayName)")
    }
    return found
  }
}
