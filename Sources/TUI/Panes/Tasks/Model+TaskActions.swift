internal import Engine
import HumanText
internal import JobProtocol
internal import Workflow

// The actions on tasks: retry, skip, cancel and others. Panes and the palette determine the
// tasks; everything else is the same everywhere.

extension TaskAction {
  /// The action on the tasks; `nil` for retrying all failed ones.
  var verb: TaskVerb? {
    switch self {
    case .retry: .retry
    case .edit: .edit
    case .skip: .skip
    case .cancel: .cancel
    case .hold: .hold
    case .release: .release
    case .retryAll: nil
    }
  }
}

extension Model {
  /// The tasks that an action applies to.
  var subjects: [FiringID] {
    if layout.kind == .oneLine { return [] }
    return focus.content?.subjects(self) ?? shownSelection.map { [$0] } ?? []
  }

  /// Selects a task that another pane points at.
  mutating func choose(_ task: FiringID) {
    // Journals may name what the workflow does not have.
    guard run.workflow.processes.indices.contains(task.process.index) else { return }
    tasks.choose(task, run)
  }

  /// The tasks for which it is possible.
  func applicable(_ action: TaskAction, _ subjects: [FiringID]) -> [FiringID] {
    guard let verb = action.verb else { return subjects }
    return subjects.filter { run.accepts(verb, $0) }
  }

  /// `mAdd:1`, or `12 tasks`.
  func name(of firings: [FiringID]) -> String {
    firings.count == 1 ? run.label(firings[0]) : Formats.counted(firings.count, "task")
  }

  /// Why it is possible for none of these tasks.
  func objection(to action: TaskAction, _ subjects: [FiringID]) -> String? {
    if let closedObjection = closedObjection(restartsEngine: action.restartsEngine) {
      return closedObjection
    }
    guard let verb = action.verb else {
      return run.counts.needingAttention == 0
        ? "no failures: nothing to retry" : nil
    }
    guard let first = subjects.first else { return "no task to \(verb.rawValue)" }
    if subjects.contains(where: { run.accepts(verb, $0) }) { return nil }
    let state =
      subjects.count == 1
      ? "\(run.label(first)) \(TaskRow.appearance(run, first).predicate)"
      : "none of the \(subjects.count) tasks qualifies"
    return "\(state): only \(verb.applicableTasks) tasks can be \(verb.participle)"
  }

  // MARK: Actions

  /// Requests an action for tasks. Opens a question first if something would be lost or if the user
  /// has a choice. `scope` is that of a retry; `nil` asks for it if it matters.
  mutating func request(
    _ action: TaskAction, _ tasks: [FiringID], scope: RetryScope? = nil
  ) -> [Effect] {
    let references = tasks.map(\.reference)
    switch action {
    case .retry: return scope.map { retry(tasks, $0) } ?? retry(tasks)
    case .retryAll: return retryAll()
    case .edit: overlay = .edit(EditForm(tasks, run))
    case .skip: overlay = .question(.tasks(.skip(tasks)))
    case .cancel: overlay = .question(.tasks(.cancel(tasks)))
    case .hold:
      track(.hold, tasks, "holding \(name(of: tasks))")
      return [.world(.control(.hold(references)))]
    case .release:
      track(.release, tasks, "releasing \(name(of: tasks))")
      return [.world(.control(.release(references)))]
    }
    return []
  }

  /// Retries failed tasks, and starts scheduled retries at once. Succeeded tasks are retried
  /// only if no failed one is among them, and after a question.
  private mutating func retry(_ all: [FiringID]) -> [Effect] {
    let open = all.filter { !run.state(of: $0).isDone }
    let tasks = open.isEmpty ? all : open
    let ran = run.downstream(of: tasks).fired
    guard !ran.isEmpty || open.isEmpty else { return retry(tasks, .alone) }
    overlay = .question(.tasks(.retry(tasks, downstream: ran.count)))
    return []
  }

  private mutating func retry(_ tasks: [FiringID], _ scope: RetryScope) -> [Effect] {
    let rest = scope == .downstream ? " and all tasks downstream" : ""
    track(.retry, tasks, "retrying \(name(of: tasks))\(rest)")
    return [.world(.control(.retry(tasks.map(\.reference), scope)))]
  }

  /// Retries all failed tasks; if the table is filtered, those that it shows.
  private mutating func retryAll() -> [Effect] {
    guard focus == .tasks, tasks.isFiltered else {
      let states = run.counts.statesNeedingAttention.map {
        "\(run.counts[$0]) \(TaskAppearance($0).word)"
      }
      showMessage("retrying \(states.joined(separator: ", "))")
      taskRequest = TaskRequest(retryOf: run.counts.needingAttention)
      return [.world(.control(.retryAllFailed))]
    }
    let failed = tasks.matchingTasks.filter { run.state(of: $0).needsAttention }
    guard !failed.isEmpty else {
      showMessage("no failed task is shown (Esc: show all)")
      return []
    }
    return retry(failed)
  }

  // MARK: Questions

  /// The effects of a key that answers a question; `nil` if the key has no meaning.
  mutating func answer(_ question: TaskQuestion, _ key: Key) -> [Effect]? {
    switch (question, key) {
    case (.cancel(let tasks), .character("y")), (.cancel(let tasks), .character("x")):
      track(.cancel, tasks, "cancelling \(name(of: tasks))")
      return [.world(.control(.cancel(tasks.map(\.reference))))]
    case (.skip(let tasks), .character("y")), (.skip(let tasks), .character("s")):
      track(.skip, tasks, "skipping \(name(of: tasks))")
      return [.world(.control(.skip(tasks.map(\.reference))))]
    case (.retry(let tasks, downstream: 0), .character("y")),
      (.retry(let tasks, downstream: 1...), .character("o")):
      return retry(tasks, .alone)
    case (.retry(let tasks, downstream: 1...), .character("d")): return retry(tasks, .downstream)
    default: return nil
    }
  }
}

/// A question before a request.
enum TaskQuestion: Equatable {
  case cancel([FiringID])
  case skip([FiringID])
  /// The number of tasks that have used their outputs.
  case retry([FiringID], downstream: Int)

  /// The text of the question, and its keys.
  func text(_ model: Model) -> (text: String, keys: [(String, String)]) {
    switch self {
    case .cancel(let tasks):
      return ("Cancel \(model.name(of: tasks))?", [("y", "cancel"), ("Esc", "no")])
    case .skip(let tasks):
      return ("Skip \(model.name(of: tasks)) as if succeeded?", [("y", "skip"), ("Esc", "no")])
    case .retry(let tasks, downstream: 0):
      return (
        "Run \(model.name(of: tasks)) again? It has succeeded.",
        [("y", "run again"), ("Esc", "no")]
      )
    case .retry(let tasks, let count):
      let pronoun = tasks.count == 1 ? "it" : "these"
      let others = count == 1 ? "the task" : "the \(count) tasks"
      return (
        "Run \(model.name(of: tasks)) again?",
        [("o", "only \(pronoun)"), ("d", "and \(others) downstream"), ("Esc", "no")]
      )
    }
  }

  /// The new state of the tasks, for a question that no longer applies: `mAdd:1 is done`.
  func end(_ run: RunState) -> String {
    let tasks: [FiringID]
    switch self {
    case .cancel(let some), .skip(let some), .retry(let some, _): tasks = some
    }
    guard tasks.count == 1, let task = tasks.first else {
      return "all \(tasks.count) tasks have changed their state"
    }
    return "\(run.label(task)) \(TaskRow.appearance(run, task).predicate)"
  }

  /// Whether the question no longer applies.
  func isStale(_ run: RunState) -> Bool {
    switch self {
    case .cancel(let tasks): !tasks.contains { run.accepts(.cancel, $0) }
    case .skip(let tasks): !tasks.contains { run.accepts(.skip, $0) }
    case .retry(let tasks, _): !tasks.contains { run.accepts(.retry, $0) }
    }
  }
}

extension TaskAction {
  /// Whether the request restarts the engine of a run that has none.
  var restartsEngine: Bool {
    switch self {
    case .retry, .retryAll, .skip, .edit, .hold, .release: true
    case .cancel: false
    }
  }
}
