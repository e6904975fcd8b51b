import Engine
import HumanText
import Workflow

/// Resolves the task names of a command line. The first matching row counts, so a complete name
/// is never taken for a prefix:
///
/// | name | means |
/// |---|---|
/// | `mDiff:3`, `3:1` | the task with this label, or with these numbers of process and firing |
/// | `mDiff` | all tasks of the processes with exactly this name |
/// | `mDi` | the only task whose label begins with this |
/// | `state:failed`, `"no overlap"` | a filter |
enum TaskNames {
  /// One task: a label, a pair of numbers, a process with one task, or an unambiguous prefix.
  static func one(_ name: String, in run: RunState) throws(Failure) -> FiringID {
    if let exact = exact(name, in: run) { return exact }
    if let processTasks = try tasks(ofProcess: name, in: run) {
      if processTasks.count == 1 { return processTasks[0] }
      throw Failure(
        .usage,
        "\(name.debugDescription) has \(Formats.counted(processTasks.count, "task")); name one: "
          + list(processTasks, in: run))
    }
    let found = beginning(with: name, in: run, limit: shown + 1)
    if found.count == 1 { return found[0] }
    guard found.isEmpty else { throw ambiguous(name, found, in: run) }
    let filter = isFilter(name) ? try? TaskFilter(name) : nil
    if let fitting = filter.map({ run.tasks(matching: $0) }), !fitting.isEmpty {
      let count = Formats.counted(fitting.count, "task")
      throw Failure(
        .usage,
        "\(name.debugDescription) is a filter that matches \(count); name one: "
          + list(fitting, in: run))
    }
    throw Failure(
      .usage,
      "no task \(name.debugDescription) in run \(run.shortID); name a task like `mDiff:3`, or "
        + "by process and firing like `3:1`")
  }

  /// All tasks that the arguments name, sorted by process and firing.
  ///
  /// A bare word is not a filter here, although it is one on the screen: there it matches
  /// anywhere in a name, and the user sees the matches before acting.
  static func all(_ names: [String], in run: RunState) throws(Failure) -> [FiringID] {
    var found: Set<FiringID> = []
    for name in names { found.formUnion(try tasks(name, in: run)) }
    return found.sorted()
  }

  private static func tasks(_ name: String, in run: RunState) throws(Failure) -> [FiringID] {
    if let exact = exact(name, in: run) { return [exact] }
    if let processTasks = try tasks(ofProcess: name, in: run) { return processTasks }
    let begun = beginning(with: name, in: run, limit: shown + 1)
    if begun.count == 1 { return begun }
    guard begun.isEmpty else { throw ambiguous(name, begun, in: run) }
    guard isFilter(name) else { throw none(name, in: run) }
    let filter: TaskFilter
    do throws(TaskFilterError) {
      filter = try TaskFilter(name)
    } catch {
      throw Failure(.usage, "\(name.debugDescription): \(error)")
    }
    let tasks = run.tasks(matching: filter)
    guard !tasks.isEmpty else { throw none(name, in: run) }
    return tasks
  }

  /// The tasks of the processes with exactly this name; `nil` if there is no such process.
  private static func tasks(
    ofProcess name: String, in run: RunState
  ) throws(Failure) -> [FiringID]? {
    guard run.workflow.processes.contains(where: { $0.name == name }) else { return nil }
    let tasks = run.tasks(matching: .all).filter { run.workflow[$0.process].name == name }
    guard !tasks.isEmpty else {
      throw Failure(
        .usage, "process \(name.debugDescription) has no tasks yet in run \(run.shortID)")
    }
    return tasks
  }

  /// Whether the text is more than a bare word: a key, several words, a quote or a negation.
  private static func isFilter(_ name: String) -> Bool {
    name.contains { $0 == ":" || $0 == "\"" || $0.isWhitespace }
      || name.hasPrefix("-") || name.hasPrefix("!")
  }

  private static func none(_ name: String, in run: RunState) -> Failure {
    Failure(
      .usage,
      "no task in run \(run.shortID) matches \(name.debugDescription): give a label (mDiff:3), "
        + "numbers (3:1), a process (mDiff) or a filter (state:failed, task:*Diff*)")
  }

  private static func ambiguous(
    _ name: String, _ found: [FiringID], in run: RunState
  ) -> Failure {
    Failure(
      .usage,
      "\(name.debugDescription) is a prefix of several tasks: \(list(found, in: run))")
  }

  private static func list(_ tasks: [FiringID], in run: RunState) -> String {
    tasks.prefix(shown).map { run.label($0) }.joined(separator: ", ")
      + (tasks.count > shown ? ", …" : "")
  }

  private static let shown = 6

  private static func exact(_ name: String, in run: RunState) -> FiringID? {
    if let (process, firing) = run.workflow.parse(label: name) {
      return existingTask(FiringID(process, firing), in: run)
    }
    let numbers = name.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let process = numbers[0], let firing = numbers[1], process >= 1
    else { return nil }
    return existingTask(FiringID(ProcessID(number: process), firing), in: run)
  }

  /// The task, if it has fired or can fire.
  private static func existingTask(_ task: FiringID, in run: RunState) -> FiringID? {
    run.hasTask(task) ? task : nil
  }

  private static func beginning(
    with name: String, in run: RunState, limit: Int
  ) -> [FiringID] {
    var found: [FiringID] = []
    for process in run.processes {
      for number in 1..<(process.tasks.count + process.waiting + 1) {
        let task = FiringID(process.id, number)
        if run.workflow.label(process: process.id, firing: number).hasPrefix(name) {
          found.append(task)
        }
        if found.count == limit { return found }
      }
    }
    return found
  }
}

extension RunState {
  /// A task's label, safe to print.
  func label(_ task: FiringID) -> String {
    workflow.label(process: task.process, firing: task.number).displayName
  }

  var shortID: String { String((info?.run ?? "").prefix(4)) }
}
