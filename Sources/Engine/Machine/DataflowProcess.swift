import DequeModule
import JSONValue
import Workflow

/// When a dataflow process fires. It has no states but its numbers; a firing happens when all rows
/// say yes.
///
/// | condition | fires when |
/// |---|---|
/// | data input, count n | at least n instances are queued |
/// | data input, counted by signal c | c is queued with value n, and at least n instances |
/// | sticky input | it has a value; the value stays, a later one replaces it |
/// | only sticky inputs | one of them got a value since the last firing |
/// | `next` input | one is queued; it is consumed and not shown to the function |
/// | `done` input | none has come: the first finishes the process |
/// | no inputs | at the start; again after `firingInterval`, or at once up to `firingLimit` |
/// | `firingLimit` n | fewer than n firings so far |
/// | `parlevel` n | fewer than n running; 0 is no limit |
struct DataflowProcess: Sendable {
  let definition: Workflow.Process
  private var queues: [Deque<SignalInstance>]
  private var portOfSignal: [SignalID: Int] = [:]
  private(set) var firedCount = 0
  private(set) var runningCount = 0
  private(set) var isDone = false
  /// A process with only sticky inputs fires once for each new value.
  private var hasFreshValue = false
  /// A source waits for the start and then for its interval.
  private var sourceMayFire = false

  init(_ definition: Workflow.Process) {
    self.definition = definition
    queues = Array(repeating: [], count: definition.inputs.count)
    for (port, input) in definition.inputs.enumerated() { portOfSignal[input.signal] = port }
  }

  /// What a firing takes.
  struct Firing {
    let number: Int
    let inputs: [ConsumedInput]
    /// Inputs of which another number than 1 was taken.
    let consumed: [SignalID: Int]
  }

  mutating func receive(_ instances: [SignalInstance], of signal: SignalID) {
    guard let port = portOfSignal[signal], !instances.isEmpty else { return }
    let input = definition.inputs[port]
    if input.control == .done {
      isDone = true
    } else if input.sticky {
      queues[port] = [instances[instances.count - 1]]
      hasFreshValue = true
    } else {
      queues[port].append(contentsOf: instances)
    }
  }

  /// Lets a process without inputs fire: at the start, and when its interval has passed.
  mutating func allowSource() { sourceMayFire = isSource }

  var isSource: Bool { !definition.inputs.contains { $0.control != .done } }

  var limitIsReached: Bool {
    isDone || definition.firingLimit.map { firedCount >= $0 } ?? false
  }

  /// Takes the inputs of the next firing, if it may happen now.
  mutating func fire() -> Firing? {
    guard !limitIsReached, definition.parlevel == 0 || runningCount < definition.parlevel,
      isSource ? sourceMayFire : inputsAreThere
    else { return nil }
    firedCount += 1
    runningCount += 1
    hasFreshValue = false
    if isSource { sourceMayFire = firesAgainAtOnce }
    return takeInputs()
  }

  /// A firing ended: its place counts no more.
  mutating func release() { runningCount -= 1 }
  /// A retried firing runs again.
  mutating func occupy() { runningCount += 1 }

  /// The inputs that keep it from firing, with what they have and need.
  var lacks: [BlockedProcess.Lack] {
    definition.inputs.indices.compactMap { port in
      let input = definition.inputs[port]
      guard input.control != .done else { return nil }
      let need = needed(port) ?? 1
      let have = queues[port].count
      return have >= need ? nil : .init(signal: input.signal, have: have, need: need)
    }
  }

  /// Without an interval a source with a limit fires up to it; one without either fires once.
  private var firesAgainAtOnce: Bool {
    definition.firingInterval == nil && definition.firingLimit != nil
  }

  private var inputsAreThere: Bool {
    var onlySticky = true
    for port in definition.inputs.indices where definition.inputs[port].control != .done {
      guard let need = needed(port), queues[port].count >= need else { return false }
      if !definition.inputs[port].sticky { onlySticky = false }
    }
    return !onlySticky || hasFreshValue
  }

  /// How many instances the next firing takes of a port; `nil` while its count signal is missing.
  private func needed(_ port: Int) -> Int? {
    switch definition.inputs[port].count {
    case .fixed(let count): return count
    case .signal(let signal):
      guard let countPort = portOfSignal[signal], let first = queues[countPort].first else {
        return nil
      }
      return first.datum?.int ?? 1
    }
  }

  private mutating func takeInputs() -> Firing {
    let needs = definition.inputs.indices.map { needed($0) ?? 1 }
    var inputs: [ConsumedInput] = []
    var consumed: [SignalID: Int] = [:]
    for (port, input) in definition.inputs.enumerated() where input.control != .done {
      let instances = Array(queues[port].prefix(needs[port]))
      if !input.sticky { queues[port].removeFirst(instances.count) }
      let taken = input.sticky ? 0 : instances.count
      if taken != 1 { consumed[input.signal] = taken }
      if input.control == nil {
        inputs.append(ConsumedInput(signal: input.signal, instances: instances))
      }
    }
    return Firing(number: firedCount, inputs: inputs, consumed: consumed)
  }
}
