internal import Engine
internal import Workflow

/// The models of runs that the user has left for another one, so that returning to a run shows it
/// as it was. A kept model stays until it is shown again, because the program does not send its
/// events a second time.
struct KeptRuns {
  /// Models of this many tasks in all take some hundred megabytes.
  private static let mostTasks = 200_000
  private static let maximum = 8

  private var models: [String: Model] = [:]
  private var taskCount = 0

  func has(_ run: String) -> Bool { models[run] != nil }

  mutating func keep(_ model: Model) {
    guard let run = model.run.info?.run else { return }
    if let former = models.removeValue(forKey: run) { taskCount -= former.run.counts.total }
    guard models.count < Self.maximum, taskCount + model.run.counts.total <= Self.mostTasks else {
      return
    }
    taskCount += model.run.counts.total
    var model = model
    model.keptRuns = KeptRuns()
    models[run] = model
  }

  mutating func remove(_ run: String) -> Model? {
    guard let model = models.removeValue(forKey: run) else { return nil }
    taskCount -= model.run.counts.total
    return model
  }
}

extension Model {
  /// The request for another run, whose model may have been kept.
  func opening(run: String) -> Effect {
    .world(keptRuns.has(run) ? .returnToRun(run) : .switchRun(run))
  }

  /// Shows another run; the user's arrangement stays.
  mutating func show(_ state: RunState) {
    var next = copy(showing: state)
    next.arrangement.shares = arrangement.shares
    next.tasks.arrange(as: tasks)
    next.graph.arrange(as: graph)
    next.timeline.grouping = timeline.grouping
    next.keptRuns = keepingThisRun()
    self = next
  }

  /// Shows a run whose model was kept.
  mutating func showKeptRun(_ run: String) {
    var left = keepingThisRun()
    guard let former = left.remove(run) else { return }
    var next = restored(from: former)
    next.keptRuns = left
    self = next
  }

  private func keepingThisRun() -> KeptRuns {
    var (left, this) = (keptRuns, self)
    // The list of runs was open only to choose the other run.
    this.close(.runs)
    this.status = nil
    left.keep(this)
    return left
  }
}
