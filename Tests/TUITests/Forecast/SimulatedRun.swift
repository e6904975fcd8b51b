import Engine
import JobProtocol
import Workflow

@testable import TUI

/// A whole run with jobs of given durations, and its forecasts on the way.
struct SimulatedRun {
  /// How long an attempt takes, in milliseconds, and whether it fails.
  typealias Plan = (_ process: Workflow.Process, _ attempt: Int, inout Seeded) -> (Int, Bool)

  struct Sample {
    /// Since the start, in milliseconds.
    let at: Int
    let left: Int?
  }

  private(set) var samples: [Sample] = []
  private(set) var total = 0

  /// - Parameters:
  ///   - retries: whether failed tasks are retried at once, until they succeed.
  ///   - dispatch: for how long a slot stays empty after a job.
  init(
    _ text: String, slots: Int, seed: UInt64 = 7, retries: Bool = false, dispatch: Int = 0,
    step: Int = 1000, _ plan: Plan
  ) throws {
    var story = try Story(text)
    var random = Seeded(seed: seed)
    var state = RunState(workflow: story.workflow)
    var seen = 0
    var rate = RateMeter()
    story.begin(slots: slots)
    let beginning = story.time
    var forecaster = Forecaster(state)
    var running: [(attempt: AttemptID, end: Int, length: Int, fails: Bool)] = []
    var free = Array(repeating: story.time, count: slots)
    var next = story.time + step
    while true {
      while running.count < slots, !story.ready.isEmpty {
        let place = free.indices.min { free[$0] < free[$1] } ?? 0
        let start = max(story.time, free.remove(at: place))
        let attempt = try story.startNext()
        let process = story.workflow[attempt.firing.process]
        let (length, fails) = plan(process, attempt.number, &random)
        running.append((attempt, start + length, length, fails))
      }
      let place = running.indices.min { running[$0].end < running[$1].end }
      while next < place.map({ running[$0].end }) ?? 0 {
        for event in story.events[seen...] { state.apply(event) }
        seen = story.events.count
        let overhead = rate.overhead(slots: slots, now: next, since: beginning, in: state)
        let forecast = forecaster.forecast(state, slots: slots, now: next, overhead: overhead)
        var left: Int?
        if case .about(let time, _) = forecast { left = time }
        samples.append(Sample(at: next - beginning, left: left))
        next += step
      }
      guard let place else { break }
      let job = running.remove(at: place)
      story.time = job.end
      free.append(job.end + dispatch)
      var usage = JobUsage()
      usage.wallMilliseconds = job.length
      let outcome = job.fails ? JobOutcome.failed(.exit(1)) : .succeeded
      story.tell(.finished(job.attempt, outcome, usage, outputs: nil))
      if job.fails, retries { story.tell(.retry(job.attempt.firing, nil, .alone)) }
      if !job.fails { rate.count(at: story.time, duration: job.length) }
    }
    total = story.time - beginning
  }

  /// The largest error from a third of the way on, in parts of the whole run; an ETA that is
  /// missing counts as one that says nothing is left.
  var worst: Double { errors.max() ?? 1 }
  var median: Double { errors.sorted()[errors.count / 2] }

  private var errors: [Double] {
    let late = samples.filter { $0.at * 3 >= total }
    return late.map { Double(abs($0.at + ($0.left ?? 0) - total)) / Double(max(1, total)) }
  }
}
