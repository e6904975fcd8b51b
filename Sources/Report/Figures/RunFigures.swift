public import Engine
import JobProtocol
import Workflow

/// Figures of the whole run.
public struct RunFigures: Sendable {
  public let run: String
  public let name: String
  public let directory: String
  public let invoker: String
  public let status: RunStatus
  /// Whether the engine has ended.
  public let isFinished: Bool
  /// Whether the engine died before the run was over.
  public let isInterrupted: Bool
  public let startedAt: Int?
  /// When the run last settled; `nil` while it is running.
  public let settledAt: Int?
  public let elapsedMilliseconds: Int
  public let counts: TaskCounts
  public let attemptCount: Int
  public let engine: EngineInfo?
  public let workers: [WorkerState]
  public let hosts: [String]
  /// For all attempts.
  public let phases: PhaseSums
  public let cpuMilliseconds: Int
  /// The task with the largest memory, and its size.
  public let largest: (task: String, kilobytes: Int)?
  public let bytesRead: Int
  public let bytesWritten: Int
  public let jobsAtOnce: JobsAtOnce

  public struct JobsAtOnce: Sendable, Equatable {
    public let mean: Double
    public let maximum: Int
    /// Slots of the workers; 0 if unknown.
    public let slots: Int
  }

  init(
    _ run: RunState, isInterrupted: Bool, tasks: [TaskFigures], timeline: Timeline, now: Int
  ) {
    self.run = run.info?.run ?? ""
    name = run.info?.name ?? run.workflow.name
    directory = run.info?.directory ?? ""
    invoker = run.info?.invoker ?? ""
    status = run.status
    isFinished = run.isFinished
    self.isInterrupted = isInterrupted
    startedAt = run.startedAt
    settledAt = run.settledAt
    elapsedMilliseconds = run.elapsed(now: now)
    counts = run.counts
    engine = run.engine
    workers = run.workers
    let attempts = tasks.lazy.flatMap(\.attempts)
    attemptCount = tasks.reduce(0) { $0 + $1.attempts.count }
    hosts = Set(attempts.compactMap { $0.executor?.host }).sorted()
    var phases = PhaseSums()
    var (cpu, read, written) = (0, 0, 0)
    for attempt in attempts {
      phases.add(attempt.times)
      cpu += attempt.cpuMilliseconds
      read += attempt.usage.bytesRead
      written += attempt.usage.bytesWritten
    }
    self.phases = phases
    (cpuMilliseconds, bytesRead, bytesWritten) = (cpu, read, written)
    largest = Self.largest(tasks)
    jobsAtOnce = JobsAtOnce(
      mean: elapsedMilliseconds > 0 ? Double(phases[.run]) / Double(elapsedMilliseconds) : 0,
      maximum: timeline.jobsAtOnce.map(\.count).max() ?? 0,
      slots: run.workers.reduce(0) { $0 + $1.slots })
  }

  private static func largest(_ tasks: [TaskFigures]) -> (String, Int)? {
    var best: (String, Int)?
    for task in tasks {
      let kilobytes = task.attempts.map(\.usage.maxResidentKilobytes).max() ?? 0
      if kilobytes > best?.1 ?? 0 { best = (task.label, kilobytes) }
    }
    return best
  }

  /// The short id.
  public var shortID: String { String(run.prefix(4)) }
}
