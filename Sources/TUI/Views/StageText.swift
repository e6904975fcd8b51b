internal import Engine
internal import Workflow

/// Stages and how many of their tasks are affected: `mConcatFit, mBackground × 412`.
enum StageText {
  /// - Parameter marksHeld: mark stages that are held.
  static func names(
    _ stages: [StageCount], _ model: Model, limit: Int = 8, marksHeld: Bool = false
  ) -> String {
    let shown = stages.prefix(limit).map { item in
      let name = model.run.graph.stages[guarding: item.stage]?.name.displayName ?? ""
      return (item.count == 1 ? name : "\(name) \(model.theme.times) \(item.count)")
        + (marksHeld ? held(item, model.run) : "")
    }
    let rest = stages.count > limit ? [model.theme.ellipsis] : []
    return (shown + rest).joined(separator: ", ")
  }

  /// ` (held)`, or how many of its tasks are held.
  private static func held(_ item: StageCount, _ run: RunState) -> String {
    let processes = run.graph.stages[guarding: item.stage]?.processes ?? []
    let count = processes.reduce(0) { sum, process in
      guard let state = run.processes[guarding: process.index] else { return sum }
      if run.heldProcesses.contains(process) { return sum + state.waiting }
      return sum + run.heldTasks.count { $0.process == process && run.task($0) == nil }
    }
    if count == 0 { return "" }
    return count >= item.count ? " (held)" : " (\(count) held)"
  }
}

extension RunState {
  /// Whether these are all tasks of their processes. Otherwise it is unknown which waiting tasks
  /// depend on them.
  func areAllTasksOfTheirProcesses(_ tasks: [FiringID]) -> Bool {
    Dictionary(grouping: tasks, by: \.process).allSatisfy { $1.count == taskCount(of: $0) }
  }
}
