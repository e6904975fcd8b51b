public import JSONValue
import JobProtocol
import Workflow

extension RunEvent {
  /// Parses one event; `nil` if invalid (a journal is untrusted). Processes and signals are
  /// not checked here: `RunState` ignores unknown ones.
  public init?(_ json: JSON) {
    guard let reader = EventReader(json), let change = reader.change else { return nil }
    self.init(time: reader.int("time") ?? 0, change)
  }
}

private struct EventReader {
  let members: JSONObject

  init?(_ json: JSON) {
    guard let members = json.object else { return nil }
    self.members = members
  }

  func int(_ key: String) -> Int? { members[key]?.int }
  func string(_ key: String) -> String? { members[key]?.string }

  var change: RunEvent.Change? {
    switch string("event") {
    case "runStarted": runStarted
    case "signalSent": signalSent
    case "taskFired": firing.map { .taskFired($0, consumed: consumed) }
    case "jobSubmitted": attempt.map { .jobSubmitted($0) }
    case "jobAccepted":
      attempt.map { .jobAccepted($0, nativeID: string("nativeID") ?? "") }
    case "jobPending": attempt.map { .jobPending($0, reason: string("reason") ?? "") }
    case "jobTaken": attempt.map { .jobTaken($0, executor) }
    case "jobStarted": attempt.map { .jobStarted($0, executor, pid: int("jobPid") ?? 0) }
    case "jobFinished": jobFinished
    case "cancelRequested": attempt.map { .cancelRequested($0) }
    case "cancelsRequested": attempts.map { .cancelsRequested($0) }
    case "jobsCancelled": attempts.map { .jobsCancelled($0) }
    case "taskSkipped": firing.map { .taskSkipped($0) }
    case "attemptMade": attemptMade
    case "retryScheduled":
      attempt.map { .retryScheduled($0, dueAt: int("dueAt") ?? int("time") ?? 0) }
    case "jobWithdrawn": attempt.map { .jobWithdrawn($0) }
    case "taskReset": firing.map { .taskReset($0) }
    case "taskHeld": firing.map { .taskHeld($0) }
    case "taskReleased": firing.map { .taskReleased($0) }
    default: changeOfTheRun
    }
  }

  /// Events without a task.
  private var changeOfTheRun: RunEvent.Change? {
    switch string("event") {
    case "processHeld": process(int("process")).map { .processHeld($0) }
    case "processReleased": process(int("process")).map { .processReleased($0) }
    case "intervalPassed": process(int("process")).map { .intervalPassed($0) }
    case "paused": .paused
    case "continued": .continued
    case "slotsChanged": int("count").map { .slotsChanged($0) }
    case "failFastChanged": members["on"]?.bool.map { .failFastChanged($0) }
    case "finishRequested": .finishRequested
    case "stopRequested": .stopRequested
    case "engineStarted":
      .engineStarted(
        EngineInfo(
          host: string("host") ?? "?", pid: int("pid") ?? 0, takeOvers: int("takeOvers") ?? 0))
    case "workerJoined": .workerJoined(executor, slots: int("slots") ?? 0)
    case "workerGone":
      .workerGone(name: string("worker") ?? "?", reason: string("reason") ?? "")
    case "allocationChanged": allocation.map { .allocationChanged($0) }
    case "notice": string("text").map { .notice($0) }
    case "runSettled": status.map { .runSettled($0, blocked: blocked) }
    case "runFinished": status.map { .runFinished($0) }
    default: nil
    }
  }

  private var allocation: Allocation? {
    guard let id = string("nativeID"), let state = string("state").flatMap(Allocation.State.init)
    else { return nil }
    return Allocation(
      site: string("site") ?? "", id: id, state: state, reason: string("reason") ?? "",
      worker: string("worker") ?? "")
  }

  private var runStarted: RunEvent.Change? {
    guard let run = string("run") else { return nil }
    var info = RunInfo(
      run: run, name: string("name") ?? "", directory: string("directory") ?? "",
      invoker: string("invoker") ?? "", isDryRun: members["dryRun"]?.bool == true)
    info.workflowDirectory = string("workflowDirectory")
    info.logDirectory = string("logDirectory")
    return .runStarted(info)
  }

  private var attemptMade: RunEvent.Change? {
    guard let attempt, let reason = string("reason").flatMap(AttemptReason.init(rawValue:)) else {
      return nil
    }
    guard let edit = members["edit"] else { return .attemptMade(attempt, reason, nil) }
    return JobEdit(edit).map { .attemptMade(attempt, reason, $0) }
  }

  private var signalSent: RunEvent.Change? {
    guard let signal = signal(int("signal")), let value = members["value"].flatMap(PortValue.init)
    else { return nil }
    return .signalSent(signal, value, source: firing)
  }

  private var jobFinished: RunEvent.Change? {
    guard let attempt, let outcome else { return nil }
    let values = members.members.compactMap { key, value in
      (value.int.map(String.init) ?? value.string).map { (key, $0) }
    }
    let usage = JobUsage(Dictionary(values, uniquingKeysWith: { first, _ in first }))
    let outputs = members["outputs"]?.array?.compactMap(PortValue.init)
    return .jobFinished(attempt, outcome, usage, outputs: outputs)
  }

  private var firing: FiringID? {
    guard let process = process(int("process")), let number = int("firing"), number >= 1 else {
      return nil
    }
    return FiringID(process, number)
  }

  private var attempt: AttemptID? {
    guard let firing, let number = int("attempt"), number >= 1 else { return nil }
    return AttemptID(firing, number)
  }

  private var attempts: AttemptList? { members["attempts"].flatMap(AttemptList.init) }

  private var executor: ExecutorIdentity {
    ExecutorIdentity(
      name: string("worker") ?? "?", host: string("host") ?? "?", pid: int("pid") ?? 0)
  }

  private var outcome: JobOutcome? {
    switch string("outcome") {
    case "succeeded": .succeeded
    case "failed":
      FailureCause(word: string("cause") ?? "", argument: string("detail") ?? "")
        .map(JobOutcome.failed)
    default: nil
    }
  }

  private var consumed: [SignalID: Int] {
    let pairs = (members["consumed"]?.array ?? []).compactMap { item -> (SignalID, Int)? in
      guard let numbers = item.array, numbers.count == 2, let count = numbers[1].int,
        let signal = signal(numbers[0].int)
      else { return nil }
      return (signal, count)
    }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }

  private var status: RunStatus? { string("status").flatMap(RunStatus.init(rawValue:)) }

  private var blocked: [BlockedProcess] {
    (members["blocked"]?.array ?? []).compactMap { item in
      guard let process = process(item["process"]?.int) else { return nil }
      let missingInputs = (item["lacks"]?.array ?? []).compactMap {
        input -> BlockedProcess.MissingInput? in
        guard let signal = signal(input["signal"]?.int) else { return nil }
        return BlockedProcess.MissingInput(
          signal: signal, have: input["have"]?.int ?? 0, need: input["need"]?.int ?? 1)
      }
      return BlockedProcess(process: process, missingInputs: missingInputs)
    }
  }

  private func process(_ number: Int?) -> ProcessID? {
    number.flatMap { $0 >= 1 ? ProcessID(number: $0) : nil }
  }

  private func signal(_ number: Int?) -> SignalID? {
    number.flatMap { $0 >= 1 ? SignalID(number: $0) : nil }
  }
}
