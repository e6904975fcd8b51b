public import JSONValue
import JobProtocol
import Workflow

/// The one text form of events: the journal's entries and the lines of `run --json` are the same.
/// `event` names the change, `time` is milliseconds since 1970.
extension RunEvent {
  public var json: JSON {
    var writer = EventWriter(time: time)
    switch change {
    case .runStarted(let info):
      writer.begin("runStarted")
      writer["run"] = .string(info.run)
      writer["name"] = .string(info.name)
      writer["directory"] = .string(info.directory)
      writer["invoker"] = .string(info.invoker)
    case .signalSent(let signal, let value, let source):
      writer.begin("signalSent")
      writer["signal"] = .int(signal.number)
      writer["value"] = value.json
      if let source { writer.put(source) }
    case .taskFired(let firing, let consumed):
      writer.begin("taskFired", firing)
      if !consumed.isEmpty { writer["consumed"] = Self.consumedJSON(consumed) }
    case .jobSubmitted(let attempt):
      writer.begin("jobSubmitted", attempt)
    case .jobAccepted(let attempt, let nativeID):
      writer.begin("jobAccepted", attempt)
      writer["nativeID"] = .string(nativeID)
    case .jobPending(let attempt, let reason):
      writer.begin("jobPending", attempt)
      writer["reason"] = .string(reason)
    case .jobTaken(let attempt, let executor):
      writer.begin("jobTaken", attempt)
      writer.put(executor)
    case .jobStarted(let attempt, let executor, let pid):
      writer.begin("jobStarted", attempt)
      writer.put(executor)
      writer["jobPid"] = .int(pid)
    case .jobFinished(let attempt, let outcome, let usage, let outputs):
      writer.begin("jobFinished", attempt)
      writer.put(outcome)
      for (name, value) in usage.fields { writer[name] = Int(value).map(JSON.int) }
      if !usage.lastLine.isEmpty { writer["say"] = .string(usage.lastLine) }
      writer["outputs"] = outputs.map { .array($0.map(\.json)) }
    case .cancelRequested(let attempt):
      writer.begin("cancelRequested", attempt)
    case .cancelsRequested(let attempts): writer.begin("cancelsRequested", attempts)
    case .jobsCancelled(let attempts): writer.begin("jobsCancelled", attempts)
    case .taskSkipped(let firing):
      writer.begin("taskSkipped", firing)
    case .attemptMade(let attempt, let reason, let edit):
      writer.begin("attemptMade", attempt)
      writer["reason"] = .string(reason.rawValue)
      writer["edit"] = edit?.json
    case .retryScheduled(let attempt, let dueAt):
      writer.begin("retryScheduled", attempt)
      writer["dueAt"] = .int(dueAt)
    case .jobWithdrawn(let attempt): writer.begin("jobWithdrawn", attempt)
    case .taskReset(let firing): writer.begin("taskReset", firing)
    case .taskHeld(let firing): writer.begin("taskHeld", firing)
    case .taskReleased(let firing): writer.begin("taskReleased", firing)
    default: putOfTheRun(&writer)
    }
    return .object(writer.members)
  }

  /// Events that are about no task.
  private func putOfTheRun(_ writer: inout EventWriter) {
    switch change {
    case .processHeld(let process): writer.begin("processHeld", process)
    case .processReleased(let process): writer.begin("processReleased", process)
    case .intervalPassed(let process): writer.begin("intervalPassed", process)
    case .paused: writer.begin("paused")
    case .continued: writer.begin("continued")
    case .slotsChanged(let count):
      writer.begin("slotsChanged")
      writer["count"] = .int(count)
    case .failFastChanged(let on):
      writer.begin("failFastChanged")
      writer["on"] = .bool(on)
    case .finishRequested: writer.begin("finishRequested")
    case .stopRequested: writer.begin("stopRequested")
    case .engineStarted(let engine):
      writer.begin("engineStarted")
      writer["host"] = .string(engine.host)
      writer["pid"] = .int(engine.pid)
      writer["takeOvers"] = .int(engine.takeOvers)
    case .workerJoined(let executor, let slots):
      writer.begin("workerJoined")
      writer.put(executor)
      writer["slots"] = .int(slots)
    case .workerGone(let name, let reason):
      writer.begin("workerGone")
      writer["worker"] = .string(name)
      writer["reason"] = .string(reason)
    case .notice(let text):
      writer.begin("notice")
      writer["text"] = .string(text)
    case .runSettled(let status, let blocked):
      writer.begin("runSettled")
      writer["status"] = .string(status.rawValue)
      writer["blocked"] = .array(blocked.map(\.json))
    case .runFinished(let status):
      writer.begin("runFinished")
      writer["status"] = .string(status.rawValue)
    default: break
    }
  }

  private static func consumedJSON(_ consumed: [SignalID: Int]) -> JSON {
    let pairs = consumed.sorted { $0.key.number < $1.key.number }
    return .array(pairs.map { [.int($0.key.number), .int($0.value)] })
  }
}

private struct EventWriter {
  var members = JSONObject()
  let time: Int

  init(time: Int) { self.time = time }

  subscript(key: String) -> JSON? {
    get { members[key] }
    set { members[key] = newValue }
  }

  mutating func begin(_ name: String) {
    members["event"] = .string(name)
    members["time"] = .int(time)
  }

  mutating func begin(_ name: String, _ process: ProcessID) {
    begin(name)
    members["process"] = .int(process.number)
  }

  mutating func begin(_ name: String, _ firing: FiringID) {
    begin(name)
    put(firing)
  }

  mutating func begin(_ name: String, _ attempt: AttemptID) {
    begin(name, attempt.firing)
    members["attempt"] = .int(attempt.number)
  }

  mutating func begin(_ name: String, _ attempts: AttemptList) {
    begin(name)
    members["attempts"] = attempts.json
  }

  mutating func put(_ firing: FiringID) {
    members["process"] = .int(firing.process.number)
    members["firing"] = .int(firing.number)
  }

  mutating func put(_ executor: ExecutorIdentity) {
    members["worker"] = .string(executor.name)
    members["host"] = .string(executor.host)
    members["pid"] = .int(executor.pid)
  }

  mutating func put(_ outcome: JobOutcome) {
    switch outcome {
    case .succeeded: members["outcome"] = "succeeded"
    case .failed(let cause):
      members["outcome"] = "failed"
      members["cause"] = .string(cause.word)
      if !cause.argument.isEmpty { members["detail"] = .string(cause.argument) }
    }
  }
}

extension BlockedProcess {
  fileprivate var json: JSON {
    let lacks = lacks.map { lack -> JSON in
      ["signal": .int(lack.signal.number), "have": .int(lack.have), "need": .int(lack.need)]
    }
    return ["process": .int(process.number), "lacks": .array(lacks)]
  }
}
