import DequeModule
import Workflow

/// Decides which instances a firing consumes, by the type of the process. Everything else about
/// firing is in `ProcessMachine`.
protocol FiringRule: Sendable {
  var queues: InputQueues { get set }
  /// Whether a firing waits for the end of the previous one.
  var isSequential: Bool { get }
  /// Whether the inputs are sufficient for a firing.
  var isReady: Bool { get }
  /// The missing inputs; empty if it is ready.
  var missingInputs: [BlockedProcess.MissingInput] { get }

  /// Adds an instance of an input other than `next` and `done`.
  mutating func receive(_ instances: [SignalInstance], port: Int)
  /// Consumes the instances of the next firing; call it only if ready.
  mutating func consume() -> ConsumedInputs
  /// A firing succeeded. Returns whether to send `done` now.
  mutating func succeeded(_ outputs: [PortValue]?) -> Bool
}

extension FiringRule {
  var isSequential: Bool { false }
  mutating func succeeded(_ outputs: [PortValue]?) -> Bool { false }
}

/// The instances that a firing consumes.
struct ConsumedInputs: Sendable {
  /// The function's inputs, in ascending signal id.
  var shown: [ConsumedInput] = []
  /// By port: how many instances were consumed.
  var counts: [Int: Int] = [:]
}

/// Queued instances, by port.
struct InputQueues: Sendable {
  let inputs: [Workflow.Input]
  private var queues: [Deque<SignalInstance>]

  init(_ inputs: [Workflow.Input]) {
    self.inputs = inputs
    queues = Array(repeating: [], count: inputs.count)
  }

  /// The ports other than `next` and `done`.
  var ports: [Int] { inputs.indices.filter { inputs[$0].belongsToRule } }

  /// The port of a signal, if it is not `next` or `done`.
  func port(of signal: SignalID) -> Int? {
    inputs.firstIndex { $0.signal == signal && $0.belongsToRule }
  }

  func count(_ port: Int) -> Int { queues[port].count }
  func first(_ port: Int) -> SignalInstance? { queues[port].first }

  /// Replaces the queued values of a firing's outputs after it has run again.
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

  mutating func consume(_ port: Int, _ count: Int) -> [SignalInstance] {
    let taken = peek(port, count)
    // An empty queue releases its memory: most processes fire once.
    if taken.count == queues[port].count {
      queues[port] = []
    } else {
      queues[port].removeFirst(taken.count)
    }
    return taken
  }
}

extension Workflow.Input {
  /// Whether it is neither `next` nor `done`.
  var belongsToRule: Bool { control != .next && control != .done }
}
