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
/// | runs i | its success | waits for i + 1; after the last, for the first | output i is sent |
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

  var missingInputs: [BlockedProcess.MissingInput] {
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

/// A splitter calls its function repeatedly with the same input, for one part each time, until
/// there is none. With a `next` input, each part is requested.
///
/// | state | event | next | effect |
/// |---|---|---|---|
/// | ready | input (and `next`) | running | fires with the input |
/// | running | success with a chunk | waiting | the chunk is sent |
/// | running | success without one | ready | `done` is sent |
/// | running | success without a result (a job, a skipped task) | ready | bare chunk, `done` |
/// | waiting | `next`, or at once without such an input | running | fires with the same input |
/// | any | further input | same | it is queued |
struct SplitterProcess: FiringRule {
  private enum State { case ready, running, waiting }

  var queues: InputQueues
  private let port: Int?
  private var state = State.ready
  private var current: [ConsumedInput] = []

  init(_ definition: Workflow.Process) {
    queues = InputQueues(definition.inputs)
    port = definition.inputs.firstIndex { $0.control == nil }
  }

  var isSequential: Bool { true }

  mutating func receive(_ instances: [SignalInstance], port: Int) {
    queues.append(instances, port)
  }

  var isReady: Bool {
    switch state {
    case .ready: port.map { queues.count($0) > 0 } ?? false
    case .running: false
    case .waiting: true
    }
  }

  var missingInputs: [BlockedProcess.MissingInput] {
    guard case .ready = state, let port, !isReady else { return [] }
    return [.init(signal: queues.inputs[port].signal, have: 0, need: 1)]
  }

  mutating func consume() -> ConsumedInputs {
    guard let port else { return ConsumedInputs() }
    defer { state = .running }
    if case .waiting = state { return ConsumedInputs(shown: current) }
    current = [
      ConsumedInput(signal: queues.inputs[port].signal, instances: queues.consume(port, 1))
    ]
    return ConsumedInputs(shown: current, counts: [port: 1])
  }

  mutating func succeeded(_ outputs: [PortValue]?) -> Bool {
    let gaveChunk = outputs?.contains { $0.instanceCount > 0 } ?? false
    state = gaveChunk ? .waiting : .ready
    return !gaveChunk
  }
}
