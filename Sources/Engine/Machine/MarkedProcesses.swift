import DequeModule
import Workflow

/// Processes that may have been enabled, each once, first marked first: the order of firings
/// depends only on the order of signals.
struct MarkedProcesses: Sendable {
  private var queue: Deque<ProcessID> = []
  private var members = ProcessSet()

  mutating func insert(_ process: ProcessID) {
    if members.insert(process) { queue.append(process) }
  }

  var isEmpty: Bool { queue.isEmpty }

  /// Puts a process back to the front, because it can fire again.
  mutating func insertFirst(_ process: ProcessID) {
    if members.insert(process) { queue.prepend(process) }
  }

  mutating func popFirst() -> ProcessID? {
    guard let process = queue.popFirst() else { return nil }
    members.remove(process)
    return process
  }
}

/// Outputs of an `ordering` process that wait for those of earlier firings.
struct OrderedOutputs: Sendable {
  private var nextNumber = 1
  private var values: [Int: [PortValue]?] = [:]

  mutating func put(_ outputs: [PortValue]?, number: Int) { values[number] = .some(outputs) }

  mutating func next() -> (number: Int, outputs: [PortValue]?)? {
    guard let outputs = values.removeValue(forKey: nextNumber) else { return nil }
    defer { nextNumber += 1 }
    return (nextNumber, outputs)
  }
}
