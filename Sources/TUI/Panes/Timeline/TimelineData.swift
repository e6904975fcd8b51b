internal import Algorithms
internal import Engine
internal import JobProtocol
internal import Workflow

/// Which task ran on which slot, and when: each attempt is a bar in a slot of its worker, and a
/// start and an end in its stage. Drawing finds the visible bars by binary search, so its cost does
/// not depend on the length of the run.
struct TimelineData {
  enum BarState: Equatable {
    case running, done, failed, lost, cancelled

    init(_ outcome: JobOutcome) {
      switch outcome {
      case .succeeded: self = .done
      case .failed(.lost): self = .lost
      case .failed(.cancelled): self = .cancelled
      case .failed: self = .failed
      }
    }

    var isFailure: Bool { self == .failed || self == .lost }
  }

  struct Bar: Equatable {
    let attempt: AttemptID
    /// Milliseconds since 1970, on the engine's clock.
    let start: Int
    /// `nil` while it runs.
    fileprivate(set) var end: Int?
    fileprivate(set) var state = BarState.running
    /// For all earlier bars: how long the slot was busy, and how many failed.
    fileprivate let busyBefore: Int
    fileprivate let failuresBefore: Int
  }

  /// A slot of a worker; its bars never overlap.
  struct Lane {
    let worker: String
    let host: String
    /// From 1.
    let slot: Int
    fileprivate(set) var bars: [Bar] = []
    fileprivate(set) var isGone = false

    fileprivate var isFree: Bool { bars.last?.end != nil || bars.isEmpty }
  }

  /// When the jobs of a stage started and ended, ascending.
  struct Track {
    fileprivate(set) var starts: [Int] = []
    fileprivate(set) var ends: [Int] = []
    fileprivate(set) var failures: [Int] = []
    /// The largest number of simultaneous jobs.
    fileprivate(set) var peak = 0

    fileprivate mutating func start(_ time: Int) {
      starts.append(max(time, starts.last ?? 0))
      peak = max(peak, starts.count - ends.count)
    }

    fileprivate mutating func end(_ time: Int, isFailure: Bool) {
      ends.append(max(time, ends.last ?? 0))
      if isFailure { failures.append(time) }
    }
  }

  /// By worker in order of arrival, then by slot.
  private(set) var lanes: [Lane] = []
  /// By the index of the stage.
  private(set) var tracks: [Track]
  /// All stages together: the slots in use.
  private(set) var whole = Track()
  /// Stretches of time in which nothing ran, between jobs.
  private(set) var gaps: [Range<Int>] = []
  private static let mostGaps = 64
  private var workers: [String] = []
  private var workersOfHost: [String: Set<String>] = [:]
  private var running: [AttemptID: (lane: LaneKey, start: Int)] = [:]
  private var places: [LaneKey: Int] = [:]

  private struct LaneKey: Hashable {
    let worker: String
    let slot: Int
  }

  init(stageCount: Int) { tracks = Array(repeating: Track(), count: stageCount) }

  // MARK: Events

  mutating func handle(_ event: RunEvent, _ graph: WorkflowGraph) {
    switch event.change {
    case .jobStarted(let attempt, let executor, _): start(attempt, executor, event.time, graph)
    case .jobFinished(let attempt, let outcome, _, _):
      end(attempt, BarState(outcome), event.time, graph)
    case .workerJoined(let executor, _): setGone(false, executor.name)
    case .workerGone(let name, _): setGone(true, name)
    default: break
    }
  }

  private mutating func start(
    _ attempt: AttemptID, _ executor: ExecutorIdentity, _ time: Int, _ graph: WorkflowGraph
  ) {
    guard graph.stageOf.indices.contains(attempt.firing.process.index), running[attempt] == nil
    else { return }
    let place = freeLane(of: executor)
    let last = lanes[place].bars.last
    let start = max(time, last?.end ?? 0)
    let busy = last.map { $0.busyBefore + ($0.end ?? $0.start) - $0.start } ?? 0
    let failures = last.map { $0.failuresBefore + ($0.state.isFailure ? 1 : 0) } ?? 0
    lanes[place].bars.append(
      Bar(attempt: attempt, start: start, busyBefore: busy, failuresBefore: failures))
    let key = LaneKey(worker: executor.name, slot: lanes[place].slot)
    running[attempt] = (key, start)
    recordGap(before: start)
    tracks[graph.stageOf[attempt.firing.process.index]].start(start)
    whole.start(start)
  }

  /// Remembers the longest gaps.
  private mutating func recordGap(before start: Int) {
    guard running.count == 1, let end = whole.ends.last, start > end else { return }
    gaps.append(end..<start)
    guard gaps.count > Self.mostGaps,
      let shortest = gaps.indices.min(by: { gaps[$0].count < gaps[$1].count })
    else { return }
    gaps.remove(at: shortest)
  }

  private mutating func end(
    _ attempt: AttemptID, _ state: BarState, _ time: Int, _ graph: WorkflowGraph
  ) {
    guard let (key, start) = running.removeValue(forKey: attempt), let place = places[key],
      let last = lanes[place].bars.indices.last, lanes[place].bars[last].attempt == attempt
    else { return }
    let end = max(time, start)
    lanes[place].bars[last].end = end
    lanes[place].bars[last].state = state
    tracks[graph.stageOf[attempt.firing.process.index]].end(end, isFailure: state.isFailure)
    whole.end(end, isFailure: state.isFailure)
  }

  private mutating func setGone(_ isGone: Bool, _ worker: String) {
    for place in lanes.indices where lanes[place].worker == worker {
      lanes[place].isGone = isGone
    }
  }

  /// The first free slot of a worker; a new one if none is free.
  private mutating func freeLane(of executor: ExecutorIdentity) -> Int {
    var slot = 1
    while let place = places[LaneKey(worker: executor.name, slot: slot)] {
      if lanes[place].isFree { return place }
      slot += 1
    }
    if slot == 1 {
      workers.append(executor.name)
      workersOfHost[executor.host, default: []].insert(executor.name)
    }
    let rank = workers.firstIndex(of: executor.name) ?? 0
    let place =
      lanes.firstIndex { lane in (workers.firstIndex(of: lane.worker) ?? 0) > rank } ?? lanes.count
    lanes.insert(Lane(worker: executor.name, host: executor.host, slot: slot), at: place)
    for (place, lane) in lanes.enumerated() {
      places[LaneKey(worker: lane.worker, slot: lane.slot)] = place
    }
    return place
  }

  /// Whether several workers of a host have had jobs, so that the host name is ambiguous.
  func isShared(host: String) -> Bool { workersOfHost[host]?.count ?? 0 > 1 }

  /// The running jobs of a worker, by slot.
  func running(on worker: String) -> [AttemptID] {
    lanes.filter { $0.worker == worker }.compactMap { lane in
      lane.bars.last.flatMap { $0.end == nil ? $0.attempt : nil }
    }
  }
}

// MARK: - Time ranges

extension TimelineData.Lane {
  /// The first bar that ends after a time.
  func firstBar(endingAfter time: Int) -> Int {
    bars.partitioningIndex { ($0.end ?? Int.max) > time }
  }

  /// The fraction of the time since `start` in which the slot was busy.
  func utilisation(since start: Int, now: Int) -> Double {
    guard let last = bars.last, now > start else { return 0 }
    let busy = last.busyBefore + max(0, (last.end ?? max(now, last.start)) - last.start)
    return min(1, Double(busy) / Double(now - start))
  }

  /// The content from `start` to before `end`.
  func stretch(_ start: Int, _ end: Int, now: Int) -> TimelineStretch {
    let first = firstBar(endingAfter: start)
    guard bars.indices.contains(first), bars[first].start < end else { return .idle }
    let isAlone = first + 1 >= bars.count || bars[first + 1].start >= end
    if isAlone {
      let from = max(bars[first].start, start)
      let until = min(bars[first].end ?? now, end)
      guard until > from || bars[first].end != nil else { return .idle }
      return .bar(first, from: from, until: until)
    }
    let last = bars.partitioningIndex { $0.start >= end }
    let busy = busy(until: end, last, now) - busy(until: start, first + 1, now)
    let failures = self.failures(before: last) - bars[first].failuresBefore
    return .many(busy: Double(busy) / Double(end - start), hasFailure: failures > 0)
  }

  /// Milliseconds of work until a time, of earlier bars.
  private func busy(until time: Int, _ count: Int, _ now: Int) -> Int {
    guard count > 0 else { return 0 }
    let bar = bars[count - 1]
    return bar.busyBefore + max(0, min(bar.end ?? max(now, bar.start), time) - bar.start)
  }

  private func failures(before count: Int) -> Int {
    guard count > 0 else { return 0 }
    return bars[count - 1].failuresBefore + (bars[count - 1].state.isFailure ? 1 : 0)
  }
}

enum TimelineStretch: Equatable {
  case idle
  /// One bar, and its part within the range.
  case bar(Int, from: Int, until: Int)
  /// Several bars, and the fraction that they fill.
  case many(busy: Double, hasFailure: Bool)
}

extension TimelineData.Track {
  /// The number of simultaneous jobs.
  func concurrency(at time: Int) -> Int {
    starts.partitioningIndex { $0 > time } - ends.partitioningIndex { $0 > time }
  }

  /// The approximate number of jobs in a range, at least one if any job runs; and whether one
  /// failed.
  func stretch(_ start: Int, _ end: Int) -> (jobs: Int, hasFailure: Bool) {
    let (before, after) = (concurrency(at: start), concurrency(at: end - 1))
    let began = starts.partitioningIndex { $0 >= end } - starts.partitioningIndex { $0 >= start }
    let middle = (before + after + 1) / 2
    let failed =
      failures.partitioningIndex { $0 >= end } - failures.partitioningIndex { $0 >= start }
    return (max(middle, before + began > 0 ? 1 : 0), failed > 0)
  }
}
