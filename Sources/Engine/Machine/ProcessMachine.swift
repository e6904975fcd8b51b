import Workflow

/// When a process fires. It has no states but its numbers; a firing happens when all rows say yes.
///
/// | condition | fires when |
/// |---|---|
/// | data, `count` and `merge` inputs | the rule of its type says that they are enough |
/// | `next` input | one is queued; it is consumed and not shown to the function |
/// | `done` input | none has come: the first finishes the process |
/// | no inputs | at the start; again after `firingInterval`, or at once up to `firingLimit` |
/// | `firingLimit` n | fewer than n firings so far |
/// | `parlevel` n | fewer than n running; 0 is no limit; foreach and splitter run one |
///
/// The limit is also one for attempts that are made again: `runningCount` counts them from when
/// they are made, so that no further firing takes their place, and `submittedCount` once they have
/// it.
///
/// A process is finished when its limit is reached or `done` has come, nothing of it runs and none
/// of its firings stays failed; then its `done` output is sent, once.
struct ProcessMachine: Sendable {
  let definition: Workflow.Process
  private var rule: any FiringRule
  private let nextPorts: [Int]
  private var nexts: [Int: Int] = [:]
  private(set) var firedCount = 0
  private(set) var runningCount = 0
  /// Attempts that were handed over and have not ended.
  private var submittedCount = 0
  private var failedCount = 0
  private(set) var isDone = false
  private var hasFinished = false
  /// A source waits for the start and then for its interval.
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

  /// What a firing takes.
  struct Firing {
    let number: Int
    let inputs: [ConsumedInput]
    /// Inputs of which another number than 1 was taken.
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

  /// Lets a process without inputs fire: at the start, and when its interval has passed.
  mutating func allowSource() { sourceMayFire = isSource }

  var isSource: Bool { !definition.inputs.contains { $0.control != .done } }

  var limitIsReached: Bool {
    isDone || definition.effectiveFiringLimit.map { firedCount >= $0 } ?? false
  }

  /// Takes the inputs of the next firing, if it may happen now.
  mutating func fire() -> Firing? {
    guard couldFire else { return nil }
    firedCount += 1
    runningCount += 1
    if isSource {
      sourceMayFire = firesAgainAtOnce
      return Firing(number: firedCount, inputs: [], consumed: [:])
    }
    let taken = rule.take()
    for port in nextPorts { nexts[port, default: 0] -= 1 }
    return Firing(number: firedCount, inputs: taken.shown, consumed: consumed(taken))
  }

  /// Whether it would fire now.
  var couldFire: Bool {
    !limitIsReached && hasRoom && nextPorts.allSatisfy({ nexts[$0, default: 0] > 0 })
      && (isSource ? sourceMayFire : rule.isReady)
  }

  /// What a firing gave when it ran again, where that still waits.
  mutating func revise(_ signal: SignalID, of source: FiringID, to value: PortValue) {
    rule.queues.revise(signal, of: source, to: value)
  }

  /// A firing ended: its place counts no more.
  mutating func release(failed: Bool) {
    runningCount -= 1
    if failed { failedCount += 1 }
  }

  /// A failed firing runs again.
  mutating func occupy() {
    runningCount += 1
    failedCount -= 1
  }

  /// Whether another attempt may be handed over now.
  var maySubmit: Bool { limit == 0 || submittedCount < limit }

  mutating func submit() { submittedCount += 1 }
  /// An attempt that was handed over has ended, or was taken back.
  mutating func takeBack() { submittedCount -= 1 }

  /// A failed firing is passed over.
  mutating func forgive() { failedCount -= 1 }

  /// A firing that had succeeded, or was kept back, is to run again.
  mutating func reopen(wasRunning: Bool) {
    if wasRunning { runningCount -= 1 }
    failedCount += 1
  }

  /// A firing succeeded or was skipped. Returns whether `done` is to be sent now.
  mutating func succeeded(_ outputs: [PortValue]?) -> Bool { rule.succeeded(outputs) }

  /// Whether the process has just finished; true once.
  mutating func takeFinish() -> Bool {
    guard !hasFinished, limitIsReached, runningCount == 0, failedCount == 0 else { return false }
    hasFinished = true
    return true
  }

  /// The inputs that keep it from firing, with what they have and need.
  var lacks: [BlockedProcess.Lack] {
    let missing = nextPorts.filter { nexts[$0, default: 0] == 0 }.map {
      BlockedProcess.Lack(signal: definition.inputs[$0].signal, have: 0, need: 1)
    }
    return (rule.lacks + missing).sorted { $0.signal < $1.signal }
  }

  private var hasRoom: Bool {
    if rule.isSequential, failedCount > 0 { return false }
    return limit == 0 || runningCount < limit
  }

  /// So many attempts at a time; 0 is no limit.
  private var limit: Int { rule.isSequential ? 1 : definition.parlevel }

  /// Without an interval a source with a limit fires up to it; one without either fires once.
  private var firesAgainAtOnce: Bool {
    definition.firingInterval == nil && definition.firingLimit != nil
  }

  private func consumed(_ taken: TakenInputs) -> [SignalID: Int] {
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
