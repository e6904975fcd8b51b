import JSONValue
import Workflow

/// A dataflow process consumes all its inputs at once.
///
/// | input | is sufficient if | a firing consumes |
/// |---|---|---|
/// | data, count n | at least n instances are queued | n |
/// | data, counted by signal c | c is queued with value n, and at least n instances | n |
/// | `count` | one is queued | 1, not passed to the function |
/// | sticky | it has a value | none; the value stays until it is replaced |
/// | only sticky ones | one of them got a value since the last firing | none |
/// | no input, or only `next` | always | – |
struct DataflowProcess: FiringRule {
  var queues: InputQueues
  /// A process with only sticky inputs fires once for each new value.
  private var hasFreshValue = false

  init(_ definition: Workflow.Process) {
    queues = InputQueues(definition.inputs)
  }

  mutating func receive(_ instances: [SignalInstance], port: Int) {
    guard let last = instances.last else { return }
    if queues.inputs[port].sticky {
      queues.replace(with: last, port)
      hasFreshValue = true
    } else {
      queues.append(instances, port)
    }
  }

  var isReady: Bool {
    var (hasSticky, hasOthers) = (false, false)
    for port in queues.inputs.indices where queues.inputs[port].belongsToRule {
      guard let need = needed(port), queues.count(port) >= need else { return false }
      if queues.inputs[port].sticky { hasSticky = true } else { hasOthers = true }
    }
    return hasOthers || !hasSticky || hasFreshValue
  }

  var missingInputs: [BlockedProcess.MissingInput] {
    queues.ports.compactMap { port in
      let (have, need) = (queues.count(port), needed(port) ?? 1)
      return have >= need
        ? nil : .init(signal: queues.inputs[port].signal, have: have, need: need)
    }
  }

  mutating func consume() -> ConsumedInputs {
    hasFreshValue = false
    var taken = ConsumedInputs()
    let ports = queues.ports
    let needs = ports.map { needed($0) ?? 1 }
    for (port, need) in zip(ports, needs) {
      let input = queues.inputs[port]
      let instances = input.sticky ? queues.peek(port, need) : queues.consume(port, need)
      taken.counts[port] = input.sticky ? 0 : instances.count
      if input.control == nil {
        taken.shown.append(ConsumedInput(signal: input.signal, instances: instances))
      }
    }
    return taken
  }

  /// How many instances of a port the next firing consumes; `nil` while the count signal is
  /// missing.
  private func needed(_ port: Int) -> Int? {
    switch queues.inputs[port].count {
    case .fixed(let count): return count
    case .signal(let signal):
      guard let countPort = queues.port(of: signal), let first = queues.first(countPort) else {
        return nil
      }
      return max(0, first.datum?.int ?? 1)
    }
  }
}

/// A choice consumes its inputs like a dataflow process; its function determines which outputs
/// are sent.
///
/// | the function's values | outputs | `merge` |
/// |---|---|---|
/// | values for n of the outputs | these n | first, with `Nb` and `Nj` n |
/// | nothing for all | none | none |
/// | none (a job, a skipped task) | all, without data | first, with the number of all |
enum ChoiceProcess {
  /// The `merge` signal, which tells a join how many branches to wait for.
  static func merge(_ outputs: [PortValue]?, outputCount: Int) -> PortValue {
    let chosen = outputs.map { $0.count { $0.instanceCount > 0 } } ?? outputCount
    return chosen == 0 ? .nothing : .data([["Nb": .int(chosen), "Nj": .int(chosen)]])
  }
}
