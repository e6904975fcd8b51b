internal import Engine
internal import Workflow

/// The expected end of the run: when nothing is left to do that needs no user.
///
/// The remaining tasks of each stage flow through the slots in the order of the stages
/// (``StageFlow``). What a task costs is the mean of its stage so far, with what a job occupies
/// its slot besides running, and with its share of retries. A stage without an ended job costs
/// the mean of all; so does a stage with few, the more so the more durations vary. Tasks that
/// only a retry by hand can free do not count.
enum Forecast: Equatable, Sendable {
  /// Nothing has ended yet, or nothing runs.
  case unknown
  /// Milliseconds, give or take.
  case about(Int, spread: Int)
}

/// Computes forecasts for one workflow. Cost: the number of stages and running jobs; at times
/// also the number of processes, to find out what failures block.
struct Forecaster: Sendable {
  /// How many jobs of each stage may run at a time; 0 means no limit.
  private let width: [Int]
  private let predecessors: [[Int]]
  private var blocked = BlockedTasks()

  init(_ run: RunState) {
    width = run.graph.stages.map { stage in
      let widths = stage.processes.map { run.workflow.processes[$0.index].parlevel }
      return widths.contains(0) ? 0 : widths.reduce(0, +)
    }
    // Backward edges are left out.
    predecessors = run.graph.stages.map { stage in stage.predecessors.filter { $0 < stage.index } }
  }

  /// - Parameters:
  ///   - slots: how many jobs run at a time.
  ///   - now: in milliseconds since 1970, on the clock of the events.
  ///   - overhead: milliseconds for which a job occupies its slot besides running.
  mutating func forecast(
    _ run: RunState, slots: Int, now: Int, overhead: Double = 0
  ) -> Forecast {
    guard slots > 0, !run.isPaused else { return .unknown }
    blocked.refresh(run, now: now)
    let timed = run.stages.reduce(0) { $0 + $1.timedJobs }
    guard timed > 0 else { return .unknown }
    let mean = Double(run.stages.reduce(0) { $0 + $1.totalMilliseconds }) / Double(timed)
    let running = runningTimes(run, now: now)
    var guessed = 0
    var tasks = 0
    let samples = run.stages.indices.map { DurationSample(run, $0) }
    let spread = Self.spread(samples)
    let all = DurationSample(samples)
    let flows = run.stages.indices.map { stage -> StageFlow in
      let counts = run.stages[stage].counts
      let known = run.stages[stage].meanMilliseconds
      let typical = Self.typical(mean: mean, running: running[stage])
      let waiting = max(0, counts[.waiting] - blocked.count(stage))
      let active = counts.active - counts[.held]
      tasks += waiting + active
      if known == nil { guessed += waiting + active }
      let duration = Self.mean(of: run.stages[stage], typical: typical, spread: spread, slots)
      let cost = duration * samples[stage].attempts + overhead
      let isKnown = Double(samples[stage].longest.count) >= Self.minimumJobs * spread
      let sample = isKnown ? samples[stage] : all.scaled(toMean: duration)
      return StageFlow(
        waiting: waiting, ready: active - running[stage].count, total: counts.total,
        cost: max(0.1, cost), width: width[stage], predecessors: predecessors[stage],
        remainingTimes: running[stage].map {
          sample.remainingTime(after: $0, cost: max(0.1, cost))
        },
        longest: sample.longest)
    }
    guard tasks > 0 else { return .unknown }
    let time = StageFlow.time(flows, slots: slots)
    let doubt = 0.1 + 0.4 * Double(guessed) / Double(tasks)
    return .about(Int(time), spread: Int(time * doubt))
  }

  /// The number of ended jobs that show how long a stage's longest jobs take, if the squared
  /// coefficient of variation of the durations is 1. A stage with fewer jobs uses the durations of
  /// all stages, scaled to its own mean.
  private static let minimumJobs = 40.0

  /// The weight of the mean of all stages, in jobs, compared with the running jobs of a stage.
  private static let weightOfAll = 8.0

  /// The assumed duration of a job if little is known about its stage: the mean of all stages,
  /// weighted with the times of the running jobs so far.
  private static func typical(mean: Double, running: [Double]) -> Double {
    let minimum = running.reduce(0) { $0 + max(mean, $1) }
    return (mean * weightOfAll + minimum) / (weightOfAll + Double(running.count))
  }

  /// The mean duration of a stage's jobs. Short jobs end first, so the first ones say little:
  /// until three for each slot have ended, some of the usual duration are added. If durations
  /// vary, more are needed, and more are added.
  private static func mean(
    of stage: StageState, typical: Double, spread: Double, _ slots: Int
  ) -> Double {
    let count = Double(stage.timedJobs)
    let doubt = 1 + 6 * spread
    let added = max(0, 4 * doubt * (1 - count / (Double(3 * slots) * doubt)))
    guard count + added > 0 else { return typical }
    return (Double(stage.totalMilliseconds) + added * typical) / (count + added)
  }

  /// How much durations vary within the stages: the mean of the squared coefficients of
  /// variation; 0 if all jobs of a stage take as long.
  private static func spread(_ samples: [DurationSample]) -> Double {
    var (sum, count) = (0.0, 0.0)
    for sample in samples {
      guard let spread = sample.spread else { continue }
      sum += spread * Double(sample.longest.count)
      count += Double(sample.longest.count)
    }
    return count > 0 ? min(3, sum / count) : 0
  }

  /// How long the running jobs of each stage have run, in milliseconds.
  private func runningTimes(_ run: RunState, now: Int) -> [[Double]] {
    var times = [[Double]](repeating: [], count: run.stages.count)
    for (firing, start) in run.runningSince {
      times[run.graph.stageOf[firing.process.index]].append(Double(max(0, now - start)))
    }
    return times
  }
}

/// How many waiting tasks of each stage failures block.
private struct BlockedTasks {
  private var counts: [Int] = []
  private var failed = 0
  private var seenAt = Int.min / 2

  func count(_ stage: Int) -> Int { counts.indices.contains(stage) ? counts[stage] : 0 }

  /// Visits all processes, so it runs at most every few seconds.
  mutating func refresh(_ run: RunState, now: Int) {
    let failed = run.counts.needingAttention
    guard failed > 0 else {
      (counts, self.failed) = ([], 0)
      return
    }
    let pause = run.processes.count > 10_000 ? 10_000 : 2000
    guard now < seenAt || now - seenAt >= pause || self.failed == 0 else { return }
    (self.failed, seenAt) = (failed, now)
    var tasks: [FiringID] = []
    for process in run.processes where tasks.count < failed {
      for place in process.tasks.indices
      where process.tasks.state(at: place)?.needsAttention == true {
        tasks.append(FiringID(process.id, place + 1))
      }
    }
    counts = Array(repeating: 0, count: run.stages.count)
    for item in run.downstream(of: tasks).waiting { counts[item.stage] = item.count }
  }
}

/// The durations of a sample of a stage's jobs, spread evenly over its tasks.
private struct DurationSample {
  private static let size = 48
  /// Ascending, in milliseconds.
  private var durations: [Double] = []
  /// The attempts that a task takes, on average.
  private(set) var attempts = 1.0

  init(_ run: RunState, _ stage: Int) {
    var tries = 0
    let processes = run.graph.stages[stage].processes
    func add(_ task: TaskRecord) {
      guard task.state == .succeeded, let attempt = task.lastAttempt else { return }
      tries += task.attemptCount
      durations.append(Double(attempt.duration(now: 0) ?? 0))
    }
    for place in Self.places(processes.count) {
      let tasks = run.processes[processes[place].index].tasks
      for firing in Self.places(tasks.count, maximum: processes.count > 1 ? 2 : Self.size) {
        add(tasks[firing])
      }
    }
    durations.sort()
    if !durations.isEmpty { attempts = Double(tries) / Double(durations.count) }
  }

  /// A sample of several stages: evenly spread over their sorted durations, with the shortest and
  /// the longest.
  init(_ samples: [DurationSample]) {
    let all = samples.flatMap(\.durations).sorted()
    let shown = min(all.count, Self.size)
    durations = (0..<shown).map { all[$0 * (all.count - 1) / max(1, shown - 1)] }
  }

  /// A copy whose durations have this mean.
  func scaled(toMean mean: Double) -> DurationSample {
    let sum = durations.reduce(0, +)
    guard sum > 0 else { return self }
    var scaled = self
    scaled.durations = durations.map { $0 * mean * Double(durations.count) / sum }
    return scaled
  }

  private static func places(_ count: Int, maximum: Int = size) -> [Int] {
    let shown = min(count, maximum)
    return (0..<shown).map { $0 * count / shown }
  }

  /// Ascending.
  var longest: [Double] { durations }

  /// The squared coefficient of variation; `nil` of fewer than three jobs.
  var spread: Double? {
    let count = Double(durations.count)
    let mean = durations.reduce(0, +) / max(1, count)
    guard count >= 3, mean > 0 else { return nil }
    let squares = durations.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return squares / (count - 1) / (mean * mean)
  }

  /// The expected remaining time of a job that has run for `elapsed`, from the jobs that took
  /// longer.
  func remainingTime(after elapsed: Double, cost: Double) -> Double {
    let longer = durations.drop { $0 <= elapsed }
    guard !longer.isEmpty else { return max(cost - elapsed, elapsed * 0.25) }
    return longer.reduce(0, +) / Double(longer.count) - elapsed
  }
}
