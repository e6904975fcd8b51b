internal import Engine
import HumanText
internal import JobProtocol
internal import Workflow

// What retry, skip, cancel and the like do. Panes and the palette say which tasks they mean;
// everything else is the same wherever one stands.

extension TaskAction {
  /// What is wanted of the tasks; `nil` for what concerns all that have failed.
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
  /// The tasks that an action is about.
  var subjects: [FiringID] {
    if layout.kind == .oneLine { return [] }
    return focus.content?.subjects(self) ?? shownSelection.map { [$0] } ?? []
  }

  /// Selects a task, wherever another pane points at it.
  mutating func choose(_ task: FiringID) { tasks.choose(task, run) }

  /// Those to which it can be done.
  func fitting(_ action: TaskAction, _ subjects: [FiringID]) -> [FiringID] {
    guard let verb = action.verb else { return subjects }
    return subjects.filter { run.accepts(verb, $0) }
  }

  /// `mAdd:1`, or `12 tasks`.
  func name(of firings: [FiringID]) -> String {
    firings.count == 1 ? run.label(firings[0]) : Formats.counted(firings.count, "task")
  }

  /// Why it can be done to none of these tasks.
  func objection(to action: TaskAction, _ subjects: [FiringID]) -> String? {
    if let closedObjection = closedObjection(mends: action.mends) { return closedObjection }
    guard let verb = action.verb else {
      return run.counts.needingAttention == 0
        ? "nothing has failed: there is nothing to retry" : nil
    }
    guard let first = subjects.first else { return "there is no task to \(verb.rawValue)" }
    if subjects.contains(where: { run.accepts(verb, $0) }) { return nil }
    let what =
      subjects.count == 1
      ? "\(run.label(first)) is \(TaskRow.look(run, first).word)"
      : "none of the \(subjects.count) tasks fits"
    return "\(what): only \(verb.fittingTasks) tasks can be \(verb.participle)"
  }

  // MARK: Actions

  /// Asks for something to be done to tasks that it fits; what would lose something, or can mean
  /// two things, is asked back first. `scope` decides a retry.
  mutating func ask(
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
      say("asked to hold \(name(of: tasks))")
      return [.world(.control(.hold(references)))]
    case .release:
      say("asked to release \(name(of: tasks))")
      return [.world(.control(.release(references)))]
    }
    return []
  }

  /// Runs what failed again, at once also what is scheduled. Tasks that are done are only meant
  /// where no other is among them, and not without asking.
  private mutating func retry(_ all: [FiringID]) -> [Effect] {
    let open = all.filter { !run.state(of: $0).isDone }
    let tasks = open.isEmpty ? all : open
    let ran = run.downstream(of: tasks).fired
    guard !ran.isEmpty || open.isEmpty else { return retry(tasks, .alone) }
    overlay = .question(.tasks(.retry(tasks, downstream: ran.count)))
    return []
  }

  private mutating func retry(_ tasks: [FiringID], _ scope: RetryScope) -> [Effect] {
    let rest = scope == .downstream ? " and everything downstream" : ""
    say("asked to retry \(name(of: tasks))\(rest)")
    return [.world(.control(.retry(tasks.map(\.reference), scope)))]
  }

  /// All that failed, or all of these that the table shows when it is filtered.
  private mutating func retryAll() -> [Effect] {
    guard focus == .tasks, tasks.isFiltered else {
      let states = run.counts.troubles.map { "\(run.counts[$0]) \(TaskLook($0).word)" }
      say("asked to retry \(states.joined(separator: ", "))")
      return [.world(.control(.retryAllFailed))]
    }
    let failed = tasks.fittingTasks.filter { run.state(of: $0).needsAttention }
    guard !failed.isEmpty else {
      say("none of the tasks that are shown has failed: Esc shows all")
      return []
    }
    return retry(failed)
  }

  // MARK: Questions

  /// What a key means for a question about tasks; `nil` when it means nothing.
  mutating func answer(_ question: TaskQuestion, _ key: Key) -> [Effect]? {
    switch (question, key) {
    case (.cancel(let tasks), .character("y")), (.cancel(let tasks), .character("x")):
      say("asked to cancel \(name(of: tasks))")
      return [.world(.control(.cancel(tasks.map(\.reference))))]
    case (.skip(let tasks), .character("y")), (.skip(let tasks), .character("s")):
      say("asked to skip \(name(of: tasks))")
      return [.world(.control(.skip(tasks.map(\.reference))))]
    case (.retry(let tasks, downstream: 0), .character("y")),
      (.retry(let tasks, downstream: 1...), .character("o")):
      return retry(tasks, .alone)
    case (.retry(let tasks, downstream: 1...), .character("d")): return retry(tasks, .downstream)
    default: return nil
    }
  }
}

/// What must be confirmed, or decided, before it is asked of the engine.
enum TaskQuestion: Equatable {
  case cancel([FiringID])
  case skip([FiringID])
  /// How many tasks have run with their outputs.
  case retry([FiringID], downstream: Int)

  /// The question and the keys that answer it.
  func text(_ model: Model) -> (text: String, keys: [(String, String)]) {
    switch self {
    case .cancel(let tasks):
      return ("Cancel \(model.name(of: tasks))?", [("y", "cancel"), ("Esc", "no")])
    case .skip(let tasks):
      return ("Skip \(model.name(of: tasks)) as if succeeded?", [("y", "skip"), ("Esc", "no")])
    case .retry(let tasks, downstream: 0):
      return (
        "Run \(model.name(of: tasks)) again, though done?", [("y", "run again"), ("Esc", "no")]
      )
    case .retry(let tasks, let count):
      let (it, them) = tasks.count == 1 ? ("it", "it") : ("these", "them")
      let others = count == 1 ? "the task" : "the \(count) tasks"
      return (
        "Run \(model.name(of: tasks)) again?",
        [("o", "only \(it)"), ("d", "and \(others) after \(them)"), ("Esc", "no")]
      )
    }
  }

  /// Its answer matters no more.
  func isStale(_ run: RunState) -> Bool {
    switch self {
    case .cancel(let tasks): !tasks.contains { run.accepts(.cancel, $0) }
    case .skip(let tasks): !tasks.contains { run.accepts(.skip, $0) }
    case .retry(let tasks, _): !tasks.contains { run.accepts(.retry, $0) }
    }
  }
}

extension TaskAction {
  /// It means something to a run without an engine, too: another is started.
  var mends: Bool {
    switch self {
    case .retry, .retryAll, .skip, .edit, .hold, .release: true
    case .cancel: false
    }
  }
}
