import DequeModule
import Workflow

/// What the types of processes differ in: which instances a firing takes. Everything else is in
/// `ProcessMachine`.
protocol FiringRule: Sendable {
  var queues: InputQueues { get set }
  /// Whether a firing waits for the end of the one before.
  var isSequential: Bool { get }
  /// Whether what has arrived is enough for a firing.
  var isReady: Bool { get }
  /// The inputs that keep it from firing; empty when it is ready.
  var lacks: [BlockedProcess.Lack] { get }

  /// Takes what arrived at an input, which is no `next` and no `done`.
  mutating func receive(_ instances: [SignalInstance], port: Int)
  /// Takes the instances of the next firing; only when it is ready.
  mutating func take() -> TakenInputs
  /// A firing succeeded. Returns whether `done` is to be sent now.
  mutating func succeeded(_ outputs: [PortValue]?) -> Bool
}

extension FiringRule {
  var isSequential: Bool { false }
  mutating func succeeded(_ outputs: [PortValue]?) -> Bool { false }
}

/// What a firing takes.
struct TakenInputs: Sendable {
  /// What the function sees, in ascending signal id.
  var shown: [ConsumedInput] = []
  /// By port: how many instances are gone; none where a port is missing.
  var counts: [Int: Int] = [:]
}

/// Instances that wait, by port.
struct InputQueues: Sendable {
  let inputs: [Workflow.Input]
  private var queues: [Deque<SignalInstance>]

  init(_ inputs: [Workflow.Input]) {
    self.inputs = inputs
    queues = Array(repeating: [], count: inputs.count)
  }

  /// The ports that are no `next` and no `done`.
  var ports: [Int] { inputs.indices.filter { inputs[$0].belongsToRule } }

  /// Where a signal waits that is no `next` and no `done`.
  func port(of signal: SignalID) -> Int? {
    inputs.firstIndex { $0.signal == signal && $0.belongsToRule }
  }

  func count(_ port: Int) -> Int { queues[port].count }
  func first(_ port: Int) -> SignalInstance? { queues[port].first }

  /// What waits of a firing's outputs becomes what it gave when it ran again.
  mutating func revise(_ signal: SignalID, of source: FiringID, to value: PortValue) {
    for port in inputs.indices where inputs[port].signal == signal {
      for place in queues[port].indices where queues[port][place].source == source {
        queues[port][place] = queues[port][place].revised(by: value)
      }
    }
  }

  mutating func append(_ instances: [SignalInstance], _ port: Int) {
    queues[port].append(contentsOf: instances)
  }

  mutating func replace(with instance: SignalInstance, _ port: Int) { queues[port] = [instance] }

  func peek(_ port: Int, _ count: Int) -> [SignalInstance] { Array(queues[port].prefix(count)) }

  mutating func take(_ port: Int, _ count: Int) -> [SignalInstance] {
    let taken = peek(port, count)
    // An empty queue gives its memory back: most processes fire once.
    if taken.count == queues[port].count {
      queues[port] = []
    } else {
      queues[port].removeFirst(taken.count)
    }
    return taken
  }
}

extension Workflow.Input {
  /// It is neither `next` nor `done`.
  var belongsToRule: Bool { control != .next && control != .done }
}
