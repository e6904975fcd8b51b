public import Engine
import JobProtocol
import Workflow

/// Figures of one stage.
public struct StageFigures: Sendable {
  public let name: String
  public let counts: TaskCounts
  /// Run times of the ended attempts; `nil` without any.
  public let run: Distribution?
  public let cpuMilliseconds: Int
  public let maxResidentKilobytes: Int
  public let retryCount: Int

  static func all(of run: RunState, tasks: [TaskFigures]) -> [StageFigures] {
    var byStage = [[TaskFigures]](repeating: [], count: run.graph.stages.count)
    for task in tasks { byStage[task.stage].append(task) }
    return run.graph.stages.map { stage in
      StageFigures(stage.name, run.stages[stage.index].counts, byStage[stage.index])
    }
  }

  private init(_ name: String, _ counts: TaskCounts, _ tasks: [TaskFigures]) {
    let attempts = tasks.flatMap(\.attempts)
    self.name = name
    self.counts = counts
    run = Distribution(attempts.compactMap { $0.times[.run] })
    cpuMilliseconds = attempts.reduce(0) { $0 + $1.cpuMilliseconds }
    maxResidentKilobytes = attempts.map(\.usage.maxResidentKilobytes).max() ?? 0
    retryCount = tasks.reduce(0) { $0 + $1.retryCount }
  }
}
