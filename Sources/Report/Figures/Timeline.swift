public import Engine
import JobProtocol
import Workflow

/// Which task ran on which slot, and when: a lane for each used slot of each worker.
public struct Timeline: Sendable {
  public struct Bar: Sendable, Equatable {
    public let attempt: AttemptID
    public let label: String
    public let stage: Int
    /// Milliseconds since 1970.
    public let start: Int
    public let end: Int
    public let result: Result

    public enum Result: Sendable, Equatable { case running, succeeded, failed }

    fileprivate func beginning(at time: Int) -> Bar {
      Bar(
        attempt: attempt, label: label, stage: stage, start: max(start, time),
        end: max(end, time), result: result)
    }
  }

  public struct Lane: Sendable, Equatable {
    public let worker: String
    /// The number of the lane, counted from 1. Reports do not name slots, so a worker has as few
    /// lanes as its overlapping jobs need.
    public let slot: Int
    /// In order, without overlaps.
    public internal(set) var bars: [Bar]

    fileprivate var end: Int { bars.last?.end ?? .min }
  }

  /// From the run's start to its end, or to now.
  public let range: ClosedRange<Int>
  public let lanes: [Lane]
  /// The number of running jobs from each time on.
  public let jobsAtOnce: [(time: Int, count: Int)]

  init(_ run: RunState, now: Int) {
    var bars: [String: [Bar]] = [:]
    let slots = Dictionary(
      run.workers.map { ($0.name, max(1, $0.slots)) }, uniquingKeysWith: { max($0, $1) })
    for process in run.processes {
      for task in process.tasks {
        for attempt in task.attempts {
          guard let bar = Self.bar(attempt, of: task, in: run, now: now) else { continue }
          bars[Self.worker(of: attempt, slots), default: []].append(bar)
        }
      }
    }
    let lanes = bars.sorted { $0.key < $1.key }.flatMap {
      Self.pack($0.value, worker: $0.key, slots: slots[$0.key])
    }
    self.lanes = lanes
    jobsAtOnce = Self.count(lanes.flatMap(\.bars))
    let start = run.startedAt ?? now
    let last = lanes.lazy.map(\.end).max() ?? start
    range = start...max(start, run.settledAt ?? now, last)
  }

  /// One-shot executors are distinguished by their host only.
  private static func worker(of attempt: AttemptRecord, _ slots: [String: Int]) -> String {
    guard let executor = attempt.executor else { return "engine" }
    return slots[executor.name] == nil ? executor.host : executor.name
  }

  private static func bar(
    _ attempt: AttemptRecord, of task: TaskRecord, in run: RunState, now: Int
  ) -> Bar? {
    let times = AttemptTimes(attempt)
    guard let start = times.startedAt else { return nil }
    let result: Bar.Result =
      switch attempt.outcome {
      case nil: .running
      case .succeeded: .succeeded
      case .failed: .failed
      }
    return Bar(
      attempt: AttemptID(task.id, attempt.number), label: run.label(task.id),
      stage: run.graph.stageOf[task.id.process.number - 1], start: start,
      end: max(start, times.endedAt ?? attempt.endedAt ?? now), result: result)
  }

  /// Puts each bar into the first free lane.
  ///
  /// Reports take some milliseconds, so a job may seem to start before its predecessor in the
  /// slot has ended. A worker has no more lanes than slots: such a job starts when the first
  /// lane is free.
  private static func pack(_ bars: [Bar], worker: String, slots: Int?) -> [Lane] {
    var lanes: [Lane] = []
    for bar in bars.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      let free = lanes.firstIndex { $0.end <= bar.start }
      if let free {
        lanes[free].bars.append(bar)
      } else if let slots, lanes.count >= slots,
        let first = lanes.indices.min(by: { lanes[$0].end < lanes[$1].end })
      {
        lanes[first].bars.append(bar.beginning(at: lanes[first].end))
      } else {
        lanes.append(Lane(worker: worker, slot: lanes.count + 1, bars: [bar]))
      }
    }
    return lanes
  }

  private static func count(_ bars: [Bar]) -> [(time: Int, count: Int)] {
    // Ends before starts: two consecutive jobs count as one.
    let changes =
      bars.filter { $0.end > $0.start }
      .flatMap { [($0.start, 1), ($0.end, -1)] }.sorted { $0 < $1 }
    var counts: [(time: Int, count: Int)] = []
    var count = 0
    for (time, change) in changes {
      count += change
      if counts.last?.time == time {
        counts[counts.count - 1].count = count
      } else {
        counts.append((time, count))
      }
    }
    return counts
  }
}
