public import Workflow

extension RunState {
  /// The missing inputs of a process and their producers; `nil` if none is missing. As exact
  /// as the events allow: the number that a count signal requests is known only to the
  /// engine, which reports it when the run has settled.
  func missingSignals(of id: ProcessID) -> MissingSignals? {
    guard let state = known(id) else { return nil }
    let process = workflow[id]
    let needs = blocked.first { $0.process == id }.map { exact($0, state) } ?? needs(state)
    let missingInputs = missingInputs(process, needs)
    guard !missingInputs.isEmpty else { return nil }
    var missing = MissingSignals()
    missing.missingInputs = missingInputs
    missing.enough = process.kind == .join ? process.joinCount : nil
    missing.have = needs.reduce(0) { $0 + min($1.have, $1.need) }
    missing.need = needs.reduce(0) { $0 + $1.need }
    addProducers(of: needs.map(\.signal), lacking: Set(missingInputs.map(\.signal)), to: &missing)
    return missing
  }

  /// The inputs without enough instances for the next firing, from the events alone.
  public func missingInputs(of id: ProcessID) -> [BlockedProcess.MissingInput] {
    known(id).map { missingInputs(workflow[id], needs($0)) } ?? []
  }

  private func missingInputs(
    _ process: Workflow.Process, _ needs: [BlockedProcess.MissingInput]
  ) -> [BlockedProcess.MissingInput] {
    let missingInputs = needs.filter { $0.have < $0.need }
    guard process.kind == .join, let enough = process.joinCount else { return missingInputs }
    let branches = needs.count { $0.have >= $0.need && workflow[$0.signal].control == nil }
    return branches < enough
      ? missingInputs : missingInputs.filter { workflow[$0.signal].control != nil }
  }

  /// The available and needed instances of each input.
  private func needs(_ state: ProcessState) -> [BlockedProcess.MissingInput] {
    let process = workflow[state.id]
    let nextPort = nextPort(of: process, state)
    return zip(process.inputs, state.queued).enumerated().compactMap { port, pair in
      let (input, have) = pair
      guard input.control != .done, nextPort == nil || nextPort == port || input.control != nil
      else {
        return nil
      }
      let need = if case .fixed(let count) = input.count { count } else { 1 }
      return .init(signal: input.signal, have: have, need: need)
    }
  }

  /// The next data input of a process that consumes one after the other.
  private func nextPort(of process: Workflow.Process, _ state: ProcessState) -> Int? {
    let data = process.inputs.indices.filter { process.inputs[$0].control == nil }
    guard !data.isEmpty else { return nil }
    switch process.kind {
    case .foreach: return data[state.tasks.count % data.count]
    case .splitter: return data[0]
    case .dataflow, .choice, .join: return nil
    }
  }

  /// The engine's own report; inputs that it does not name are complete.
  private func exact(
    _ blocked: BlockedProcess, _ state: ProcessState
  ) -> [BlockedProcess.MissingInput] {
    let lacking = Set(blocked.missingInputs.map(\.signal))
    return needs(state).filter { !lacking.contains($0.signal) && $0.have >= $0.need }
      + blocked.missingInputs
  }

  // MARK: Producers

  private func addProducers(
    of signals: [SignalID], lacking: Set<SignalID>, to missing: inout MissingSignals
  ) {
    var stages: [Int: MissingSignals.Producers] = [:]
    var wanted: Set<Int> = []
    var isSeen: Set<ProcessID> = []
    for signal in signals {
      let producers = workflow.producers(of: signal)
      if lacking.contains(signal) {
        if producers.isEmpty { missing.fromOutside.append(signal) }
        if !producers.isEmpty, producers.allSatisfy(hasEnded) { missing.exhausted.append(signal) }
        wanted.formUnion(producers.map { graph.stageOf[$0.index] })
      }
      for producer in producers where isSeen.insert(producer).inserted {
        let stage = graph.stageOf[producer.index]
        var entry = stages[stage] ?? .init(stage: stage, first: producer)
        for task in processes[producer.index].tasks { entry.counts[task.state] += 1 }
        entry.counts[.waiting] += processes[producer.index].waiting
        stages[stage] = entry
      }
    }
    missing.producers = stages.values.filter { wanted.contains($0.stage) }
      .sorted { $0.stage < $1.stage }
  }

  /// Whether a process will send nothing more.
  private func hasEnded(_ id: ProcessID) -> Bool {
    let state = processes[id.index]
    guard state.tasks.allSatisfy(\.state.isDone) else { return false }
    if let limit = workflow[id].effectiveFiringLimit { return state.tasks.count >= limit }
    return settledAt != nil && state.tasks.count > 0
  }
}

/// Finds the failed tasks that something waits for: walks from processes with missing signals
/// back to their producers, as long as these have not finished.
struct StuckSearch {
  /// How many failed tasks are reported.
  private static let limit = 10_000

  private let run: RunState
  private var front: [ProcessID] = []
  private var isSeen: Set<ProcessID> = []
  private var found: Set<FiringID> = []

  init(_ run: RunState) { self.run = run }

  /// Adds the missing inputs of a process that has not fired.
  mutating func addProducers(of process: ProcessID) {
    for input in run.missingInputs(of: process) {
      for producer in run.workflow.producers(of: input.signal)
      where isSeen.insert(producer).inserted { front.append(producer) }
    }
  }

  /// Adds a task that has fired and has not ended.
  mutating func inspect(_ firing: FiringID) {
    if run.state(of: firing).needsAttention { found.insert(firing) }
    if run.state(of: firing) == .waiting, isSeen.insert(firing.process).inserted {
      front.append(firing.process)
    }
  }

  mutating func stuckTasks() -> [FiringID] {
    while let process = front.popLast(), found.count < Self.limit {
      for task in run.processes[process.index].tasks {
        if task.state.needsAttention { found.insert(task.id) }
        guard task.state == .waiting else { continue }
        for parent in run.lineage.parents(of: task.id) where !run.state(of: parent).isDone {
          inspect(parent)
        }
      }
      if run.processes[process.index].waiting > 0 { addProducers(of: process) }
    }
    return found.sorted()
  }
}
