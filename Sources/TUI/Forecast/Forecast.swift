internal import Engine
internal import Workflow

/// When the run will have done everything it can, as far as that can be known.
///
/// Known are the durations of jobs in each stage so far, the number of remaining tasks, the
/// order of stages, and the number of slots. No schedule can be faster than
///
///     low = max(work / slots, longest chain of remaining stages)
///
/// and a schedule that never leaves a slot idle while there is work takes at most
///
///     high = work / slots + chain × (1 - 1 / slots)
///
/// Tasks after a failure may or may not run: `low` excludes them, `high` includes them. A stage
/// without an ended job has no duration, and a job that runs far longer than the others of its
/// stage may run for ever: then only a lower bound is known.
enum Forecast: Equatable, Sendable {
  case unknown
  /// Milliseconds, at the earliest.
  case atLeast(Int)
  /// Milliseconds, give or take.
  case about(Int, spread: Int)
}

/// Computes forecasts for one workflow. Cost: the number of stages and running jobs.
struct Forecaster: Sendable {
  /// How many jobs of each stage may run at a time; 0 means no limit.
  private let width: [Int]
  private let predecessors: [[Int]]

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
  func forecast(_ run: RunState, slots: Int, now: Int, overhead: Double = 0) -> Forecast {
    guard slots > 0, !run.isPaused else { return .unknown }
    let jobs = jobsThatRun(run, now: now)
    let sure = total(run, jobs, slots, overhead, countsDoubtful: false)
    let all = total(run, jobs, slots, overhead, countsDoubtful: true)
    if all.unmeasured > 0 || jobs.contains(where: \.isLate) {
      return sure.low > 0 && all.measured > 0 ? .atLeast(Int(sure.low)) : .unknown
    }
    let middle = (sure.low + all.high) / 2
    return .about(Int(middle), spread: Int((all.high - sure.low) / 2))
  }

  /// The running jobs of a stage.
  private struct Jobs {
    /// The expected remaining time of each job, in milliseconds.
    var rest: [Double] = []
    var isLate = false
  }

  /// A job that has run for twice the mean duration plus a second is late.
  private static let leniency = (factor: 2.0, milliseconds: 1000.0)

  private func jobsThatRun(_ run: RunState, now: Int) -> [Jobs] {
    var jobs = [Jobs](repeating: Jobs(), count: run.stages.count)
    for (firing, start) in run.runningSince {
      let stage = run.graph.stageOf[firing.process.index]
      guard let mean = run.stages[stage].meanMilliseconds.map(Double.init) else { continue }
      let elapsed = Double(max(0, now - start))
      jobs[stage].rest.append(max(0, mean - elapsed))
      if elapsed > mean * Self.leniency.factor + Self.leniency.milliseconds {
        jobs[stage].isLate = true
      }
    }
    return jobs
  }

  private struct Total {
    var low = 0.0
    var high = 0.0
    var measured = 0
    /// The remaining tasks in stages without an ended job.
    var unmeasured = 0
  }

  private func total(
    _ run: RunState, _ jobs: [Jobs], _ slots: Int, _ overhead: Double, countsDoubtful: Bool
  ) -> Total {
    var total = Total()
    var work = 0.0
    var chains = [Double](repeating: 0, count: run.stages.count)
    var isDoubtful = [Bool](repeating: false, count: run.stages.count)
    for stage in run.stages.indices {
      let counts = run.stages[stage].counts
      isDoubtful[stage] = predecessors[stage].contains {
        isDoubtful[$0] || run.stages[$0].counts.needingAttention > 0
      }
      chains[stage] = predecessors[stage].reduce(0) { max($0, chains[$1]) }
      let waiting = isDoubtful[stage] && !countsDoubtful ? 0 : counts[.waiting]
      let remaining = waiting + counts.active
      guard remaining > 0 else { continue }
      guard let mean = run.stages[stage].meanMilliseconds else {
        total.unmeasured += remaining
        continue
      }
      total.measured += remaining
      let cost = Double(mean) + overhead
      let rest = jobs[stage].rest
      work += cost * Double(remaining - rest.count) + rest.reduce(0, +)
      chains[stage] += chain(of: stage, remaining, cost: cost, rest)
    }
    let chain = chains.max() ?? 0
    total.low = max(work / Double(slots), chain)
    total.high = max(total.low, work / Double(slots) + chain * (1 - 1 / Double(slots)))
    return total
  }

  /// The least time that a stage needs for jobs that run one after the other.
  private func chain(of stage: Int, _ remaining: Int, cost: Double, _ rest: [Double]) -> Double {
    let rounds = width[stage] == 0 ? 1 : (remaining + width[stage] - 1) / width[stage]
    guard rest.count == remaining else { return Double(rounds) * cost }
    return Double(rounds - 1) * cost + (rest.max() ?? 0)
  }
}
