internal import Engine
internal import Workflow

/// When the run will have done what it can do, as far as that can be said.
///
/// What is known: how long the jobs of each stage took so far, how many of each remain, in which
/// order the stages come, and how many jobs run at a time. No schedule beats
///
///     low = max(work / slots, longest chain of stages that remain)
///
/// and one that never lets a slot idle while there is work ends by
///
///     high = work / slots + chain × (1 - 1 / slots)
///
/// Tasks behind a failure may come or not: `low` is without, `high` with them. A stage of which no
/// job has ended yet has no duration, and a job that has run much longer than the others of its
/// stage may run on and on: then only a lower bound can be told.
enum Forecast: Equatable, Sendable {
  case unknown
  /// Milliseconds, at the earliest.
  case atLeast(Int)
  /// Milliseconds, give or take.
  case about(Int, spread: Int)
}

/// Makes forecasts of one workflow's run. Costs a walk over the stages and the jobs that run.
struct Forecaster: Sendable {
  /// By stage: how many of its jobs may run at a time; 0 is no limit.
  private let width: [Int]
  private let predecessors: [[Int]]

  init(_ run: RunState) {
    width = run.graph.stages.map { stage in
      let widths = stage.processes.map { run.workflow.processes[$0.index].parlevel }
      return widths.contains(0) ? 0 : widths.reduce(0, +)
    }
    // Without the edges that lead back.
    predecessors = run.graph.stages.map { stage in stage.predecessors.filter { $0 < stage.index } }
  }

  /// - Parameters:
  ///   - slots: jobs that run at a time.
  ///   - now: in milliseconds since 1970, as events have it.
  ///   - overhead: milliseconds that a job takes its slot besides running.
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

  /// The jobs of a stage that run, by what is known of the stage.
  private struct Jobs {
    /// How long each runs on, in milliseconds.
    var rest: [Double] = []
    var isLate = false
  }

  /// A job that has run twice as long as the others, and a second, is late.
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
    /// Tasks that remain in stages of which nothing has ended yet.
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

  /// How long the jobs of a stage take at least that follow each other.
  private func chain(of stage: Int, _ remaining: Int, cost: Double, _ rest: [Double]) -> Double {
    let rounds = width[stage] == 0 ? 1 : (remaining + width[stage] - 1) / width[stage]
    guard rest.count == remaining else { return Double(rounds) * cost }
    return Double(rounds - 1) * cost + (rest.max() ?? 0)
  }
}
