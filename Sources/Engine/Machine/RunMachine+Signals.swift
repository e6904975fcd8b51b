import JSONValue
import Workflow

/// How signals are sent and processes fire.
extension RunMachine {
  mutating func send(_ value: PortValue, on signal: SignalID, from source: FiringID?) {
    guard value.instanceCount > 0, instanceCounts.indices.contains(signal.index) else { return }
    emit(.signalSent(signal, value, source: source))
    let first = instanceCounts[signal.index] + 1
    instanceCounts[signal.index] += value.instanceCount
    let instances = value.data.enumerated().map { offset, datum in
      SignalInstance(
        index: first + offset, datum: datum, source: source, keys: value.keys, ordinal: offset)
    }
    for consumer in workflow.consumers(of: signal) {
      processes[consumer.index].receive(instances, of: signal)
      marked.insert(consumer)
      if workflow[signal].control == .done { finishIfOver(consumer) }
    }
    if phase == .settled { phase = .running }
  }

  mutating func fireMarked(atMost limit: Int) {
    var left = limit
    while let process = marked.popFirst() {
      while halt == nil, !isPaused, !heldProcesses.contains(process),
        processes[process.index].canFire
      {
        guard left > 0 else { return marked.insertFirst(process) }
        left -= 1
        if let firing = processes[process.index].fire() { begin(firing, of: process) }
      }
    }
  }

  /// Whether `proceed` would fire more tasks.
  public var mayProceed: Bool { !marked.isEmpty }

  /// Checks all processes again after firing was stopped for a while.
  mutating func markAll() {
    for process in workflow.processes { marked.insert(process.id) }
  }

  private mutating func begin(_ firing: ProcessMachine.Firing, of process: ProcessID) {
    let id = FiringID(process, firing.number)
    tasks.append(firing.inputs, of: process)
    activeCount += 1
    if phase == .settled { phase = .running }
    emit(.taskFired(id, consumed: firing.consumed))
    if !remade.isEmpty { waitForReruns(id) }
    submit(id)
  }

  mutating func intervalPassed(_ process: ProcessID) {
    guard intervals.removeValue(forKey: process) != nil else { return }
    emit(.intervalPassed(process))
    processes[process.index].allowSource()
    marked.insert(process)
  }

  /// Handles the end of a firing: the process may fire again.
  mutating func release(_ process: ProcessID, failed: Bool) {
    activeCount -= 1
    processes[process.index].release(failed: failed)
    marked.insert(process)
    let definition = processes[process.index].definition
    if processes[process.index].isSource, let interval = definition.firingInterval,
      !processes[process.index].limitIsReached, halt == nil, intervals[process] == nil
    {
      intervals[process] = now + interval
      turn.commands.append(.wait(process, until: now + interval))
    }
  }

  mutating func succeeded(_ outputs: [PortValue]?, _ firing: FiringID) {
    let isExhausted = processes[firing.process.index].succeeded(outputs)
    tasks[firing].hasEmitted = true
    emitOutputs(outputs, of: firing)
    if isExhausted { sendDone(of: firing.process) }
    marked.insert(firing.process)
    finishIfOver(firing.process)
  }

  /// Sends `done`, once, if the process is finished.
  mutating func finishIfOver(_ process: ProcessID) {
    guard processes[process.index].finishOnce(), workflow[process].kind != .splitter else { return }
    sendDone(of: process)
  }

  private mutating func sendDone(of process: ProcessID) {
    for output in workflow[process].outputs where output.control == .done {
      send(.bare, on: output.signal, from: nil)
    }
  }

  /// Sends a firing's outputs; an `ordering` process sends in the order of its firings.
  private mutating func emitOutputs(_ values: [PortValue]?, of firing: FiringID) {
    guard workflow[firing.process].ordering else { return sendOutputs(values, of: firing) }
    orderedOutputs[firing.process, default: OrderedOutputs()].put(values, number: firing.number)
    while let (number, values) = orderedOutputs[firing.process]?.next() {
      sendOutputs(values, of: FiringID(firing.process, number))
    }
  }

  private mutating func sendOutputs(_ values: [PortValue]?, of firing: FiringID) {
    let process = workflow[firing.process]
    let outputs = process.dataOutputs(ofFiring: firing.number)
    if process.kind == .choice {
      let merge = ChoiceProcess.merge(values, outputCount: outputs.count)
      sendControl(.merge, merge, from: firing)
    }
    for (port, output) in outputs.enumerated() {
      let value = values.map { $0.indices.contains(port) ? $0[port] : .nothing } ?? .bare
      send(value, on: output.signal, from: firing)
      if let counter = output.countSignal, value.instanceCount > 0 {
        send(.data([.int(value.instanceCount)]), on: counter, from: firing)
      }
    }
    sendControl(.next, .bare, from: firing)
  }

  private mutating func sendControl(
    _ control: Workflow.Control, _ value: PortValue, from firing: FiringID
  ) {
    for output in workflow[firing.process].outputs where output.control == control {
      send(value, on: output.signal, from: firing)
    }
  }
}
