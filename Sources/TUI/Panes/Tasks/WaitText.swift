internal import Engine
internal import HumanText
internal import Workflow

/// Why a task waits, in a few words for a row; the detail has the full reason.
///
/// Called for each row in each painting, so it reads only the task's own inputs.
enum WaitText {
  /// `nil` for a task that does not wait.
  static func text(_ model: Model, _ firing: FiringID) -> String? {
    let run = model.run
    guard let record = run.task(firing) else { return notFired(model, firing) }
    switch record.state {
    case .waiting: return rerunText(model, firing)
    case .held: return "held"
    case .ready, .submitted, .queued: return notTaken(run, firing)
    case .retrying: return retry(record, now: model.now)
    case .starting, .running, .succeeded, .failed, .lost, .skipped, .cancelled: return nil
    }
  }

  /// `retry 12 s`, `retry 0:04:12`, counting down.
  static func retry(_ record: TaskRecord, now: Int) -> String {
    guard let due = record.retryDueAt else { return "retry" }
    let left = max(0, due - now)
    if left == 0 { return "retry now" }
    if left < 60_000 { return "retry \((left + 999) / 1000) s" }
    return "retry \(Formats.duration(milliseconds: left))"
  }

  private static func notTaken(_ run: RunState, _ firing: FiringID) -> String {
    switch run.explanation(of: firing).reasons.first {
    case .noWorker: "no worker"
    case .paused: "paused"
    case .processHeld, .taskHeld: "held"
    case .starting: "starting"
    case .parlevel(let limit, _): "parlevel \(limit)"
    case .infrastructure(let job): job.reason.displayName
    default: "no slot"
    }
  }

  private static func rerunText(_ model: Model, _ firing: FiringID) -> String {
    let run = model.run
    let before = run.upstream(of: firing).filter { !run.state(of: $0).isDone }
    guard let first = before.first else { return "runs again" }
    let more = before.count > 1 ? " and \(before.count - 1) more" : ""
    return "again after \(run.label(first))\(more)"
  }

  private static func notFired(_ model: Model, _ firing: FiringID) -> String {
    let run = model.run
    if run.heldTasks.contains(firing) || run.heldProcesses.contains(firing.process) {
      return "held"
    }
    let missingInputs = run.missingInputs(of: firing.process)
    if missingInputs.isEmpty { return run.isPaused ? "paused" : "ready to start" }
    return "waits for \(missingText(missingInputs, model))"
  }

  /// `corrections`, `3 × mDiffFit`, `bg_0 and 3 more`.
  private static func missingText(_ missingInputs: [BlockedProcess.MissingInput], _ model: Model)
    -> String
  {
    let (run, times) = (model.run, model.theme.times)
    func name(_ input: BlockedProcess.MissingInput) -> String {
      let name = run.workflow[input.signal].name.displayName
      let missing = input.need - input.have
      return missing == 1 ? name : "\(missing) \(times) \(name)"
    }
    if missingInputs.count == 1 { return name(missingInputs[0]) }
    let stages = Set(missingInputs.map { stage(of: $0, run) })
    if let stage = stages.first, let stage, stages.count == 1 {
      return "\(missingInputs.count) \(times) \(run.graph.stages[stage].name.displayName)"
    }
    return "\(name(missingInputs[0])) and \(missingInputs.count - 1) more"
  }

  /// The stage of the only producer.
  private static func stage(of input: BlockedProcess.MissingInput, _ run: RunState) -> Int? {
    let producers = run.workflow.producers(of: input.signal)
    guard producers.count == 1, let only = producers.first else { return nil }
    return run.graph.stageOf[guarding: only.index]
  }
}
