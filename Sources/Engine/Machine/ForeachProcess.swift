import Workflow

/// A foreach consumes one input after the other, in ascending signal id, each in a firing of
/// its own, whose only output is the one at the same position. Without a `firingLimit`, it is
/// finished after the last input.
///
/// | state | event | next | effect |
/// |---|---|---|---|
/// | waits for input i | input i | runs i | fires with input i and output i |
/// | waits for input i | another input | same | it is queued |
/// | runs i | any input | same | it is queued |
/// | runs i | its success | waits for i + 1, after the last for the first | output i is sent |
struct ForeachProcess: FiringRule {
  var queues: InputQueues
  private let dataPorts: [Int]
  private var turn = 0

  init(_ definition: Workflow.Process) {
    queues = InputQueues(definition.inputs)
    dataPorts = definition.inputs.indices.filter { definition.inputs[$0].control == nil }
  }

  var isSequential: Bool { true }

  mutating func receive(_ instances: [SignalInstance], port: Int) {
    queues.append(instances, port)
  }

  var isReady: Bool { port.map { queues.count($0) > 0 } ?? false }

  var lacks: [BlockedProcess.Lack] {
    guard let port, !isReady else { return [] }
    return [.init(signal: queues.inputs[port].signal, have: 0, need: 1)]
  }

  mutating func consume() -> ConsumedInputs {
    guard let port else { return ConsumedInputs() }
    turn += 1
    let input = ConsumedInput(
      signal: queues.inputs[port].signal, instances: queues.consume(port, 1))
    return ConsumedInputs(shown: [input], counts: [port: 1])
  }

  private var port: Int? { dataPorts.isEmpty ? nil : dataPorts[turn % dataPorts.count] }
}
