internal import Engine
internal import Workflow

/// The models of runs that the user has left for another one, so that each run is found again as
/// it was left. A kept model stays until it is shown again, because the program relies on it.
struct LeftRuns {
  /// Models of this many tasks in all take some hundred megabytes.
  private static let mostTasks = 200_000
  private static let most = 8

  private var models: [String: Model] = [:]
  private var taskCount = 0

  func has(_ run: String) -> Bool { models[run] != nil }

  mutating func keep(_ model: Model) {
    guard let run = model.run.info?.run else { return }
    if let former = models.removeValue(forKey: run) { taskCount -= former.run.counts.total }
    guard models.count < Self.most, taskCount + model.run.counts.total <= Self.mostTasks else {
      return
    }
    taskCount += model.run.counts.total
    var model = model
    model.leftRuns = LeftRuns()
    models[run] = model
  }

  mutating func remove(_ run: String) -> Model? {
    guard let model = models.removeValue(forKey: run) else { return nil }
    taskCount -= model.run.counts.total
    return model
  }
}

extension Model {
  /// Asks for another run, which may be one that was left.
  func opening(run: String) -> Effect {
    .world(leftRuns.has(run) ? .returnToRun(run) : .switchRun(run))
  }

  /// Shows another run; the user's arrangement stays.
  mutating func show(_ state: RunState) {
    var next = turned(to: state)
    next.arrangement.shares = arrangement.shares
    next.tasks.arrange(as: tasks)
    next.graph.arrange(as: graph)
    next.timeline.grouping = timeline.grouping
    next.leftRuns = leaving()
    self = next
  }

  /// Shows a run that was left, at its place.
  mutating func bringBack(_ run: String) {
    var left = leaving()
    guard let former = left.remove(run) else { return }
    var next = returned(to: former)
    next.leftRuns = left
    self = next
  }

  private func leaving() -> LeftRuns {
    var (left, this) = (leftRuns, self)
    // The list of runs was opened to leave.
    this.close(.runs)
    this.status = nil
    left.keep(this)
    return left
  }
}
