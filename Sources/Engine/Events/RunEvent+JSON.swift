public import JSONValue
import JobProtocol
import Workflow

/// The JSON of events, for the journal and for `run --json`. `event` names the change, `time`
/// is milliseconds since 1970.
extension RunEvent {
  public var json: JSON {
    var writer = EventWriter(time: time)
    switch change {
    case .runStarted(let info):
      writer.begin("runStarted")
      writer.put("run", .string(info.run))
      writer.put("name", .string(info.name))
      writer.put("directory", .string(info.directory))
      writer.put("invoker", .string(info.invoker))
      if info.isDryRun { writer.put("dryRun", .bool(true)) }
      writer.put("workflowDirectory", info.workflowDirectory.map(JSON.string))
      writer.put("logDirectory", info.logDirectory.map(JSON.string))
    case .signalSent(let signal, let value, let source):
      writer.begin("signalSent")
      writer.put("signal", .int(signal.number))
      writer.put("value", value.json)
      if let source { writer.put(source) }
    case .taskFired(let firing, let consumed):
      writer.begin("taskFired", firing)
      if !consumed.isEmpty { writer.put("consumed", Self.consumedJSON(consumed)) }
    case .jobSubmitted(let attempt):
      writer.begin("jobSubmitted", attempt)
    case .jobAccepted(let attempt, let nativeID):
      writer.begin("jobAccepted", attempt)
      writer.put("nativeID", .string(nativeID))
    case .jobPending(let attempt, let reason):
      writer.begin("jobPending", attempt)
      writer.put("reason", .string(reason))
    case .jobTaken(let attempt, let executor):
      writer.begin("jobTaken", attempt)
      writer.put(executor)
    case .jobStarted(let attempt, let executor, let pid):
      writer.begin("jobStarted", attempt)
      writer.put(executor)
      writer.put("jobPid", .int(pid))
    case .jobFinished(let attempt, let outcome, let usage, let outputs):
      writer.begin("jobFinished", attempt)
      writer.put(outcome)
      for (name, value) in usage.fields { writer.put(name, Int(value).map(JSON.int)) }
      for (name, text) in usage.texts { writer.put(name, .string(text)) }
      writer.put("outputs", outputs.map { .array($0.map(\.json)) })
    case .cancelRequested(let attempt):
      writer.begin("cancelRequested", attempt)
    case .cancelsRequested(let attempts): writer.begin("cancelsRequested", attempts)
    case .jobsCancelled(let attempts): writer.begin("jobsCancelled", attempts)
    case .taskSkipped(let firing):
      writer.begin("taskSkipped", firing)
    case .attemptMade(let attempt, let reason, let edit):
      writer.begin("attemptMade", attempt)
      writer.put("reason", .string(reason.rawValue))
      writer.put("edit", edit?.json)
    case .retryScheduled(let attempt, let dueAt):
      writer.begin("retryScheduled", attempt)
      writer.put("dueAt", .int(dueAt))
    case .jobWithdrawn(let attempt): writer.begin("jobWithdrawn", attempt)
    case .taskReset(let firing): writer.begin("taskReset", firing)
    case .taskHeld(let firing): writer.begin("taskHeld", firing)
    case .taskReleased(let firing): writer.begin("taskReleased", firing)
    default: putRunChange(&writer)
    }
    return .object(JSONObject(distinct: writer.members))
  }

  /// Events without a task.
  private func putRunChange(_ writer: inout EventWriter) {
    switch change {
    case .processHeld(let process): writer.begin("processHeld", process)
    case .processReleased(let process): writer.begin("processReleased", process)
    case .intervalPassed(let process): writer.begin("intervalPassed", process)
    case .paused: writer.begin("paused")
    case .continued: writer.begin("continued")
    case .slotsChanged(let count):
      writer.begin("slotsChanged")
      writer.put("count", .int(count))
    case .failFastChanged(let on):
      writer.begin("failFastChanged")
      writer.put("on", .bool(on))
    case .finishRequested: writer.begin("finishRequested")
    case .stopRequested: writer.begin("stopRequested")
    case .engineStarted(let engine):
      writer.begin("engineStarted")
      writer.put("host", .string(engine.host))
      writer.put("pid", .int(engine.pid))
      writer.put("takeOvers", .int(engine.takeOvers))
    case .workerJoined(let executor, let slots):
      writer.begin("workerJoined")
      writer.put(executor)
      writer.put("slots", .int(slots))
    case .workerGone(let name, let reason):
      writer.begin("workerGone")
      writer.put("worker", .string(name))
      writer.put("reason", .string(reason))
    case .allocationChanged(let allocation):
      writer.begin("allocationChanged")
      writer.put("site", .string(allocation.site))
      writer.put("nativeID", .string(allocation.id))
      writer.put("state", .string(allocation.state.rawValue))
      if !allocation.reason.isEmpty { writer.put("reason", .string(allocation.reason)) }
      // Written even if it is empty: readers complete missing members from the line before.
      writer.put("worker", .string(allocation.worker))
    case .notice(let text):
      writer.begin("notice")
      writer.put("text", .string(text))
    case .runSettled(let status, let blocked):
      writer.begin("runSettled")
      writer.put("status", .string(status.rawValue))
      writer.put("blocked", .array(blocked.map(\.json)))
    case .runFinished(let status):
      writer.begin("runFinished")
      writer.put("status", .string(status.rawValue))
    default: break
    }
  }

  private static func consumedJSON(_ consumed: [SignalID: Int]) -> JSON {
    let pairs = consumed.sorted { $0.key.number < $1.key.number }
    return .array(pairs.map { [.int($0.key.number), .int($0.value)] })
  }
}

/// Collects the members of an event, each key once.
private struct EventWriter {
  private(set) var members: [(key: String, value: JSON)] = []
  let time: Int

  init(time: Int) {
    self.time = time
    members.reserveCapacity(8)
  }

  mutating func put(_ key: String, _ value: JSON?) {
    if let value { members.append((key, value)) }
  }

  mutating func begin(_ name: String) {
    put("event", .string(name))
    put("time", .int(time))
  }

  mutating func begin(_ name: String, _ process: ProcessID) {
    begin(name)
    put("process", .int(process.number))
  }

  mutating func begin(_ name: String, _ firing: FiringID) {
    begin(name)
    put(firing)
  }

  mutating func begin(_ name: String, _ attempt: AttemptID) {
    begin(name, attempt.firing)
    put("attempt", .int(attempt.number))
  }

  mutating func begin(_ name: String, _ attempts: AttemptList) {
    begin(name)
    put("attempts", attempts.json)
  }

  mutating func put(_ firing: FiringID) {
    put("process", .int(firing.process.number))
    put("firing", .int(firing.number))
  }

  mutating func put(_ executor: ExecutorIdentity) {
    put("worker", .string(executor.name))
    put("host", .string(executor.host))
    put("pid", .int(executor.pid))
  }

  mutating func put(_ outcome: JobOutcome) {
    switch outcome {
    case .succeeded: put("outcome", "succeeded")
    case .failed(let cause):
      put("outcome", "failed")
      put("cause", .string(cause.word))
      if !cause.argument.isEmpty { put("detail", .string(cause.argument)) }
    }
  }
}

extension BlockedProcess {
  fileprivate var json: JSON {
    let missingInputs = missingInputs.map { input -> JSON in
      ["signal": .int(input.signal.number), "have": .int(input.have), "need": .int(input.need)]
    }
    return ["process": .int(process.number), "lacks": .array(missingInputs)]
  }
}
