public import Engine
import Workflow

/// The chain of tasks that determined how long the run took, as measured: from the task that
/// ended last back to the start. Each step leads to the task for which the next one waited
/// longest.
///
/// A task waits for the tasks whose outputs it used and, if its process limits parallel
/// firings, for an earlier firing. The steps have no gaps, so their times add up to the time
/// from the run's start to the end of the last task. Time without another explanation (limits,
/// holds, pauses between attempts) counts as waiting.
public struct MeasuredPath: Sendable {
  public struct Step: Sendable {
    public let task: FiringID
    public let label: String
    public let stage: Int
    /// When everything that it waited for was available, and when it ended; since 1970.
    public let range: ClosedRange<Int>
    public let phases: PhaseSums
    /// Why it could not start earlier.
    public let link: Link
  }

  public enum Link: Sendable, Equatable {
    /// The start of the run, or a signal from outside.
    case start
    /// The outputs of the previous step.
    case outputs
    /// The previous step is of the same process, which limits parallel firings.
    case limit
  }

  /// From the first to the last.
  public let steps: [Step]
  public let phases: PhaseSums

  init(_ run: RunState) {
    steps = PathWalk(run).steps()
    var sums = PhaseSums()
    for step in steps {
      for phase in AttemptTimes.Phase.allCases { sums[phase] += step.phases[phase] }
    }
    phases = sums
  }

  public var totalMilliseconds: Int { phases.total }
}

private struct PathWalk {
  private let run: RunState

  init(_ run: RunState) { self.run = run }

  private struct Predecessor {
    let task: FiringID
    let end: Int
    let link: MeasuredPath.Link
  }

  func steps() -> [MeasuredPath.Step] {
    guard let start = run.startedAt, var (task, end) = lastEnd else { return [] }
    var steps: [MeasuredPath.Step] = []
    var seen: Set<FiringID> = []
    while seen.insert(task).inserted {
      let before = predecessor(of: task, endedBy: end)
      let ready = min(end, max(start, before?.end ?? start))
      steps.append(step(task, ready...end, before?.link ?? .start))
      guard let before, before.end > start else { break }
      (task, end) = (before.task, before.end)
    }
    return steps.reversed()
  }

  private var lastEnd: (FiringID, Int)? {
    var last: (FiringID, Int)?
    for process in run.processes {
      for task in process.tasks {
        guard let end = lastEnd(of: task, by: .max), end > last?.1 ?? .min else { continue }
        last = (task.id, end)
      }
    }
    return last
  }

  /// The end of the last attempt that had ended by then.
  private func lastEnd(of task: TaskRecord, by limit: Int) -> Int? {
    task.attempts.last { ($0.endedAt ?? .max) <= limit }?.endedAt
  }

  /// The task for which this one waited longest. Later retries of earlier tasks do not count:
  /// only what had ended when this one started.
  private func predecessor(of task: FiringID, endedBy end: Int) -> Predecessor? {
    guard let record = run.task(task) else { return nil }
    let began = beginning(of: record, endedBy: end)
    var best: Predecessor?
    func addCandidate(_ other: FiringID, _ link: MeasuredPath.Link) {
      guard let record = run.task(other), let end = lastEnd(of: record, by: began),
        end > best?.end ?? .min
      else { return }
      best = Predecessor(task: other, end: end, link: link)
    }
    for other in run.upstream(of: task) { addCandidate(other, .outputs) }
    for other in earlierFirings(of: task) { addCandidate(other, .limit) }
    return best
  }

  /// When the task fired, or was reset to run again with new inputs.
  private func beginning(of record: TaskRecord, endedBy end: Int) -> Int {
    let made = record.attempts.last { $0.reason == .upstream && $0.madeAt <= end }?.madeAt
    return made ?? record.firedAt
  }

  /// Firings that may have delayed it; none if the process has no limit.
  private func earlierFirings(of task: FiringID) -> [FiringID] {
    let limit = run.workflow[task.process].parlevel
    guard limit > 0, task.number > 1 else { return [] }
    let reach = limit == 1 ? 1 : max(64, 2 * limit)
    return (max(1, task.number - reach)..<task.number).map { FiringID(task.process, $0) }
  }

  private func step(
    _ task: FiringID, _ range: ClosedRange<Int>, _ link: MeasuredPath.Link
  ) -> MeasuredPath.Step {
    var phases = PhaseSums()
    for attempt in run.task(task)?.attempts ?? [] {
      guard let end = attempt.endedAt, end > range.lowerBound, end <= range.upperBound else {
        continue
      }
      phases.add(AttemptTimes(attempt))
    }
    let known = phases.total - phases[.wait]
    phases[.wait] = max(0, range.upperBound - range.lowerBound - known)
    return MeasuredPath.Step(
      task: task, label: run.label(task), stage: run.graph.stageOf[task.process.number - 1],
      range: range, phases: phases, link: link)
  }
}
