import JobProtocol
import Workflow

/// Runs downstream tasks again.
///
/// A retry of a succeeded task with everything downstream resets all firings that have used its
/// outputs, directly or not. Each waits until all upstream firings among them have run again,
/// then runs with its former inputs, with new data of functions. No signal is sent twice, so no
/// firing is lost or doubled, whatever counts, joins and limits there are. A firing has as many
/// instances as before; further ones are ignored.
extension RunMachine {
  mutating func resetDownstream(of first: FiringID) {
    let consumers = tasks.consumersBySource()
    var found: Set<FiringID> = []
    var next = [first]
    while let firing = next.popLast() {
      for consumer in consumers[firing] ?? []
      where consumer != first && found.insert(consumer).inserted {
        next.append(consumer)
      }
    }
    let all = found.union([first])
    remade.formUnion(all)
    for firing in found.sorted() {
      let sources = tasks[firing].sources.intersection(all).subtracting([firing])
      reset(firing, waitingFor: sources)
    }
  }

  /// Lets a new firing wait for the tasks that run again and whose outputs it has consumed.
  mutating func waitForReruns(_ firing: FiringID) {
    let sources = tasks[firing].sources.intersection(remade)
    guard !sources.isEmpty, tasks[firing].machine.wait() else { return }
    reruns.wait(firing, for: sources)
    remade.insert(firing)
    activeCount -= 1
    processes[firing.process.index].reopen(wasRunning: true)
    emit(.taskReset(firing))
  }

  private mutating func reset(_ firing: FiringID, waitingFor sources: Set<FiringID>) {
    let before = tasks[firing].machine
    reruns.wait(firing, for: sources)
    switch tasks[firing].machine.reset() {
    case .reset:
      switch before.state {
      case .pending:
        activeCount -= 1
        processes[firing.process.index].reopen(wasRunning: true)
      case .failed: failedCount -= 1
      case .scheduled: scheduledCount -= 1
      case .done: processes[firing.process.index].reopen(wasRunning: false)
      case .active, .cancelling, .reset: break
      }
      tasks[firing].dueAt = nil
      emit(.taskReset(firing))
    case .cancel(let number):
      tasks[firing].resetsAtEnd = true
      let attempt = AttemptID(firing, number)
      emit(.cancelRequested(attempt))
      turn.commands.append(.cancel(attempt))
    case .wait: tasks[firing].resetsAtEnd = true
    case .refuse: break
    }
  }

  /// Resets a task whose attempt with the old inputs has ended.
  mutating func resetAtEnd(_ firing: FiringID, failed: Bool) {
    tasks[firing].resetsAtEnd = false
    if !failed { processes[firing.process.index].reopen(wasRunning: false) }
    guard tasks[firing].machine.reset() == .reset else { return }
    emit(.taskReset(firing))
    runIfReady(firing)
  }

  /// Replaces the queued outputs of a task that has succeeded again.
  mutating func revise(_ firing: FiringID, _ outputs: [PortValue]?) {
    if let outputs {
      let ports = workflow[firing.process].dataOutputs(ofFiring: firing.number)
      for (output, value) in zip(ports, outputs) { revise(output.signal, of: firing, to: value) }
    }
    releaseReruns(waitingFor: firing)
  }

  private mutating func revise(_ signal: SignalID, of source: FiringID, to value: PortValue) {
    for consumer in workflow.consumers(of: signal) {
      processes[consumer.index].revise(signal, of: source, to: value)
    }
    for firing in reruns.waiting(for: source) {
      for place in tasks[firing].inputs.indices
      where tasks[firing].inputs[place].signal == signal {
        for index in tasks[firing].inputs[place].instances.indices
        where tasks[firing].inputs[place].instances[index].source == source {
          let revised = tasks[firing].inputs[place].instances[index].revised(by: value)
          tasks[firing].inputs[place].instances[index] = revised
        }
      }
    }
  }

  mutating func releaseReruns(waitingFor source: FiringID) {
    guard remade.remove(source) != nil else { return }
    for firing in reruns.release(source) { runIfReady(firing) }
  }

  private mutating func runIfReady(_ firing: FiringID) {
    guard reruns.isReady(firing),
      case .make(let number) = tasks[firing].machine.inputsAvailable()
    else { return }
    reruns.remove(firing)
    make(AttemptID(firing, number), .upstream)
    submit(firing)
  }
}

/// Tasks that run again after their upstream tasks have, indexed in both directions.
struct Reruns: Equatable {
  private var sources: [FiringID: Set<FiringID>] = [:]
  private var consumers: [FiringID: Set<FiringID>] = [:]

  var isEmpty: Bool { sources.isEmpty }

  /// Adds tasks that the task waits for.
  mutating func wait(_ firing: FiringID, for more: Set<FiringID>) {
    sources[firing, default: []].formUnion(more)
    for source in more { consumers[source, default: []].insert(firing) }
  }

  /// Whether the task is listed and no longer waits for any task.
  func isReady(_ firing: FiringID) -> Bool { sources[firing]?.isEmpty == true }

  /// The tasks that wait for a task, in no particular order.
  func waiting(for source: FiringID) -> Set<FiringID> { consumers[source] ?? [] }

  /// Removes a task; returns those that waited for it, in order.
  mutating func release(_ source: FiringID) -> [FiringID] {
    let released = (consumers.removeValue(forKey: source) ?? []).sorted()
    for firing in released { sources[firing]?.remove(source) }
    return released
  }

  mutating func remove(_ firing: FiringID) {
    for source in sources.removeValue(forKey: firing) ?? [] {
      consumers[source]?.remove(firing)
      if consumers[source]?.isEmpty == true { consumers[source] = nil }
    }
  }
}
