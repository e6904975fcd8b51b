public import Engine
import Workflow

/// The chain of tasks that decided how long the run took, as measured: from the task that ended
/// last back to the start, always over the task for which the next one had waited longest.
///
/// A task waits for the tasks whose outputs it took and, where its process limits how many firings
/// run at a time, for an earlier firing of its process. The steps follow each other without a gap,
/// so what they took adds up to the time from the run's start to the end of the last task. Time
/// that nothing else explains (limits, holds, pauses between attempts) counts as waiting.
public struct CriticalPath: Sendable {
  public struct Step: Sendable {
    public let task: FiringID
    public let label: String
    public let stage: Int
    /// When everything that it waited for was there, and when it had ended; since 1970.
    public let range: ClosedRange<Int>
    public let phases: PhaseSums
    /// What it waited for last.
    public let link: Link
  }

  public enum Link: Sendable, Equatable {
    /// The start of the run, or a signal from outside.
    case start
    /// The outputs of the step before.
    case outputs
    /// The step before is of the same process, which runs so many firings at a time.
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
    let link: CriticalPath.Link
  }

  func steps() -> [CriticalPath.Step] {
    guard let start = run.startedAt, var (task, end) = lastEnd else { return [] }
    var steps: [CriticalPath.Step] = []
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

  /// When the last attempt that had ended by then did.
  private func lastEnd(of task: TaskRecord, by limit: Int) -> Int? {
    task.attempts.last { ($0.endedAt ?? .max) <= limit }?.endedAt
  }

  /// The task for which this one waited longest. A person may have run a task before it once more
  /// afterwards: what counts is what had ended when this one began.
  private func predecessor(of task: FiringID, endedBy end: Int) -> Predecessor? {
    guard let record = run.task(task) else { return nil }
    let began = beginning(of: record, endedBy: end)
    var best: Predecessor?
    func offer(_ other: FiringID, _ link: CriticalPath.Link) {
      guard let record = run.task(other), let end = lastEnd(of: record, by: began),
        end > best?.end ?? .min
      else { return }
      best = Predecessor(task: other, end: end, link: link)
    }
    for other in run.upstream(of: task) { offer(other, .outputs) }
    for other in earlierFirings(of: task) { offer(other, .limit) }
    return best
  }

  /// When the task fired, or was sent back to run with outputs made anew.
  private func beginning(of record: TaskRecord, endedBy end: Int) -> Int {
    let made = record.attempts.last { $0.reason == .upstream && $0.madeAt <= end }?.madeAt
    return made ?? record.firedAt
  }

  /// Those that can have been in its way: none where the process has no limit.
  private func earlierFirings(of task: FiringID) -> [FiringID] {
    let limit = run.workflow[task.process].parlevel
    guard limit > 0, task.number > 1 else { return [] }
    let reach = limit == 1 ? 1 : max(64, 2 * limit)
    return (max(1, task.number - reach)..<task.number).map { FiringID(task.process, $0) }
  }

  private func step(
    _ task: FiringID, _ range: ClosedRange<Int>, _ link: CriticalPath.Link
  ) -> CriticalPath.Step {
    var phases = PhaseSums()
    for attempt in run.task(task)?.attempts ?? [] {
      guard let end = attempt.endedAt, end > range.lowerBound, end <= range.upperBound else {
        continue
      }
      phases.add(AttemptTimes(attempt))
    }
    let known = phases.total - phases[.wait]
    phases[.wait] = max(0, range.upperBound - range.lowerBound - known)
    return CriticalPath.Step(
      task: task, label: run.label(task), stage: run.graph.stageOf[task.process.number - 1],
      range: range, phases: phases, link: link)
  }
}
