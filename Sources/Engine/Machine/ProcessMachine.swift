import Workflow

/// When a process fires: if all rows of the table are satisfied.
///
/// | condition | satisfied if |
/// |---|---|
/// | data, `count` and `merge` inputs | they are sufficient by the rule of its type |
/// | `next` input | one is queued; it is consumed and not passed to the function |
/// | `done` input | none has arrived: the first finishes the process |
/// | no inputs | at the start; again after `firingInterval`, or at once up to `firingLimit` |
/// | `firingLimit` n | fewer than n firings so far |
/// | `parlevel` n | fewer than n running; 0 is no limit, but foreach and splitter run one |
///
/// `parlevel` includes retries: `runningCount` counts a retry from its creation, so that no further
/// firing is submitted before it; `submittedCount` counts it from its submission.
///
/// A process is finished when its limit is reached or `done` has arrived, none of its firings
/// runs, and none has failed; then its `done` output is sent, once.
struct ProcessMachine: Sendable {
  let definition: Workflow.Process
  private var rule: any FiringRule
  private let nextPorts: [Int]
  private var nexts: [Int: Int] = [:]
  private(set) var firedCount = 0
  private(set) var runningCount = 0
  /// Attempts that were submitted and have not ended.
  private var submittedCount = 0
  private var failedCount = 0
  private(set) var isDone = false
  private var hasFinished = false
  /// Whether a source waits for the start or for its interval.
  private var sourceMayFire = false

  init(_ definition: Workflow.Process) {
    self.definition = definition
    let inputs = definition.inputs
    nextPorts = inputs.indices.filter { inputs[$0].control == .next }
    rule =
      switch definition.kind {
      case .dataflow, .choice: DataflowProcess(definition)
      case .join: JoinProcess(definition)
      case .foreach: ForeachProcess(definition)
      case .splitter: SplitterProcess(definition)
      }
  }

  /// The inputs of a firing.
  struct Firing {
    let number: Int
    let inputs: [ConsumedInput]
    /// Inputs from which another number than 1 was consumed.
    let consumed: [SignalID: Int]
  }

  mutating func receive(_ instances: [SignalInstance], of signal: SignalID) {
    guard let port = definition.port(of: signal), !instances.isEmpty else { return }
    switch definition.inputs[port].control {
    case .done: isDone = true
    case .next: nexts[port, default: 0] += instances.count
    case .count, .merge, nil: rule.receive(instances, port: port)
    }
  }

  /// Lets a source fire: at the start, and after its interval.
  mutating func allowSource() { sourceMayFire = isSource }

  var isSource: Bool { !definition.inputs.contains { $0.control != .done } }

  var limitIsReached: Bool {
    isDone || definition.effectiveFiringLimit.map { firedCount >= $0 } ?? false
  }

  /// Consumes the inputs of the next firing, if it may fire now.
  mutating func fire() -> Firing? {
    guard canFire else { return nil }
    firedCount += 1
    runningCount += 1
    if isSource {
      sourceMayFire = firesAgainAtOnce
      return Firing(number: firedCount, inputs: [], consumed: [:])
    }
    let taken = rule.consume()
    for port in nextPorts { nexts[port, default: 0] -= 1 }
    return Firing(number: firedCount, inputs: taken.shown, consumed: consumed(taken))
  }

  /// Whether the process would fire now.
  var canFire: Bool {
    !limitIsReached && isBelowParlevel && nextPorts.allSatisfy({ nexts[$0, default: 0] > 0 })
      && (isSource ? sourceMayFire : rule.isReady)
  }

  /// Replaces the queued outputs of a firing that has run again.
  mutating func revise(_ signal: SignalID, of source: FiringID, to value: PortValue) {
    rule.queues.revise(signal, of: source, to: value)
  }

  /// Handles the end of a firing: it no longer counts for the limit.
  mutating func release(failed: Bool) {
    runningCount -= 1
    if failed { failedCount += 1 }
  }

  /// Counts a failed firing that runs again.
  mutating func restartFailed() {
    runningCount += 1
    failedCount -= 1
  }

  /// Whether another attempt may be submitted now.
  var maySubmit: Bool { limit == 0 || submittedCount < limit }

  mutating func submit() { submittedCount += 1 }
  /// Handles the end or withdrawal of a submitted attempt.
  mutating func attemptEnded() { submittedCount -= 1 }

  /// Handles the skip of a failed firing.
  mutating func undoFailure() { failedCount -= 1 }

  /// Counts a firing that had succeeded or was held, and will run again.
  mutating func reopen(wasRunning: Bool) {
    if wasRunning { runningCount -= 1 }
    failedCount += 1
  }

  /// A firing succeeded or was skipped. Returns whether to send `done` now.
  mutating func succeeded(_ outputs: [PortValue]?) -> Bool { rule.succeeded(outputs) }

  /// Whether the process has just finished; true once.
  mutating func finishOnce() -> Bool {
    guard !hasFinished, limitIsReached, runningCount == 0, failedCount == 0 else { return false }
    hasFinished = true
    return true
  }

  /// The missing inputs, with the available and needed numbers.
  var missingInputs: [BlockedProcess.MissingInput] {
    let missing = nextPorts.filter { nexts[$0, default: 0] == 0 }.map {
      BlockedProcess.MissingInput(signal: definition.inputs[$0].signal, have: 0, need: 1)
    }
    return (rule.missingInputs + missing).sorted { $0.signal < $1.signal }
  }

  private var isBelowParlevel: Bool {
    if rule.isSequential, failedCount > 0 { return false }
    return limit == 0 || runningCount < limit
  }

  /// The limit of simultaneous attempts; 0 for none.
  private var limit: Int { rule.isSequential ? 1 : definition.parlevel }

  /// Without an interval, a source with a limit fires up to it; one without either fires
  /// once.
  private var firesAgainAtOnce: Bool {
    definition.firingInterval == nil && definition.firingLimit != nil
  }

  private func consumed(_ taken: ConsumedInputs) -> [SignalID: Int] {
    var consumed: [SignalID: Int] = [:]
    for (port, input) in definition.inputs.enumerated() {
      let count =
        switch input.control {
        case .done, .next: 1
        case .count, .merge, nil: taken.counts[port] ?? 0
        }
      if count != 1 { consumed[input.signal] = count }
    }
    return consumed
  }
}
