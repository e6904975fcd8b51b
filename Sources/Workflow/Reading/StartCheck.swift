/// Which processes can fire at all, if each one that fires sends all its outputs as often as
/// needed. That is an upper bound, so what cannot start here never starts.
///
/// Takes linear time in the number of references, also if many processes share a signal.
struct StartCheck {
  /// Which signals come from outside.
  enum Source {
    /// The initial data, and one instance of each of the workflow's inputs (`run -s`).
    case dataAndInputs
    /// The initial data, and everything without a producer, which `InputCheck` reports.
    case allWithoutProducer
  }

  /// What a process needs before it can fire once.
  private struct Need {
    /// Inputs that are all needed.
    var inputs = 0
    /// The number of missing branches of a join.
    var branches = 0

    var isMet: Bool { inputs == 0 && branches <= 0 }
  }

  /// The role of an input in the first firing.
  private enum Role { case required, branch, ignored }

  private let workflow: Workflow
  private let source: Source
  private let sentByRun: Set<SignalID>
  private var needs: [Need] = []
  private var canFire: [Bool]
  private var isSent: [Bool]
  private var front: [ProcessID] = []

  init(_ workflow: Workflow, source: Source) {
    self.workflow = workflow
    self.source = source
    sentByRun = source == .dataAndInputs ? Set(workflow.ins) : []
    canFire = Array(repeating: false, count: workflow.processes.count)
    isSent = Array(repeating: false, count: workflow.signals.count)
    // By index: copying a process costs a dozen reference counts.
    needs = workflow.processes.indices.map { need(of: workflow.processes[$0].id) }
    front = workflow.processes.indices.filter { needs[$0].isMet }
      .map { workflow.processes[$0].id }
    spread()
  }

  var nothingStarts: Bool { !canFire.contains(true) }

  /// The least number of instances of an input for a firing.
  static func instances(of input: Workflow.Input, _ kind: Workflow.Process.Kind) -> Int {
    switch (kind, input.count) {
    case (.dataflow, .fixed(let count)), (.choice, .fixed(let count)): count
    default: 1
    }
  }

  // MARK: What can fire

  private mutating func spread() {
    while let process = front.popLast() {
      if canFire[process.index] { continue }
      canFire[process.index] = true
      for output in workflow.processes[process.index].outputs where !isSent[output.signal.index] {
        isSent[output.signal.index] = true
        for consumer in workflow.consumers(of: output.signal) { receive(output.signal, consumer) }
      }
    }
  }

  private mutating func receive(_ signal: SignalID, _ id: ProcessID) {
    guard !canFire[id.index], let input = input(of: id, signal), !isAvailable(input, id) else {
      return
    }
    switch role(input, id) {
    case .required: needs[id.index].inputs -= 1
    case .branch: needs[id.index].branches -= 1
    case .ignored: return
    }
    if needs[id.index].isMet { front.append(id) }
  }

  private func need(of id: ProcessID) -> Need {
    var need = Need()
    var (branches, arrived, hasMerge) = (0, 0, false)
    for input in workflow.processes[id.index].inputs {
      let isAvailable = isAvailable(input, id)
      if input.control == .merge { hasMerge = true }
      switch role(input, id) {
      case .required: need.inputs += isAvailable ? 0 : 1
      case .branch:
        branches += 1
        arrived += isAvailable ? 1 : 0
      case .ignored: break
      }
    }
    let process = workflow.processes[id.index]
    // A `merge` may ask for one branch.
    let asked = hasMerge ? 1 : process.joinCount ?? branches
    need.branches = min(asked, process.activeBranchesCount ?? branches, branches) - arrived
    return need
  }

  private func role(_ input: Workflow.Input, _ id: ProcessID) -> Role {
    if let control = input.control { return control == .done ? .ignored : .required }
    switch workflow.processes[id.index].kind {
    case .dataflow, .choice: return .required
    case .join: return .branch
    // One after the other, so only the first one matters.
    case .foreach, .splitter:
      let first = workflow.processes[id.index].inputs.first { $0.control == nil }
      return first?.signal == input.signal ? .required : .ignored
    }
  }

  /// Whether enough of an input comes from outside.
  private func isAvailable(_ input: Workflow.Input, _ id: ProcessID) -> Bool {
    if source == .allWithoutProducer, workflow.producers(of: input.signal).isEmpty { return true }
    let have =
      (workflow.signals[input.signal.index].data?.count ?? 0)
      + (sentByRun.contains(input.signal) ? 1 : 0)
    return have >= Self.instances(of: input, workflow.processes[id.index].kind)
  }

  /// Inputs are sorted by their signals.
  private func input(of id: ProcessID, _ signal: SignalID) -> Workflow.Input? {
    let inputs = workflow.processes[id.index].inputs
    var (low, high) = (0, inputs.count)
    while low < high {
      let middle = (low + high) / 2
      if inputs[middle].signal < signal { low = middle + 1 } else { high = middle }
    }
    return low < inputs.count && inputs[low].signal == signal ? inputs[low] : nil
  }
}

// MARK: Cycles

extension StartCheck {
  /// A process and the signal that it waits for.
  struct Step {
    let process: ProcessID
    let signal: SignalID
  }

  /// How many cycles are reported.
  private static let cycleLimit = 1000

  /// Cycles that nothing starts, each from its first process in the direction of signals.
  /// Cycles that one of them would start are not reported.
  mutating func takeCycles() -> [[Step]] {
    var cycles: [[Step]] = []
    var next = 0
    while cycles.count < Self.cycleLimit {
      while next < canFire.count, canFire[next] { next += 1 }
      guard next < canFire.count else { break }
      let cycle = cycle(before: workflow.processes[next].id)
      if !cycle.isEmpty { cycles.append(cycle) }
      front.append(cycle.first?.process ?? workflow.processes[next].id)
      spread()
    }
    return cycles
  }

  /// Follows what a process waits for until a process repeats.
  private func cycle(before start: ProcessID) -> [Step] {
    var steps: [Step] = []
    var places: [ProcessID: Int] = [:]
    var process = start
    while places[process] == nil {
      places[process] = steps.count
      guard let input = missingInput(process),
        let producer = workflow.producers(of: input.signal).first
      else { return [] }
      steps.append(Step(process: process, signal: input.signal))
      process = producer
    }
    let cycle = Array(steps[(places[process] ?? 0)...].reversed())
    let first = cycle.indices.min { cycle[$0].process < cycle[$1].process } ?? 0
    return Array(cycle[first...] + cycle[..<first])
  }

  private func missingInput(_ id: ProcessID) -> Workflow.Input? {
    workflow.processes[id.index].inputs.first { input in
      role(input, id) != .ignored && !isAvailable(input, id) && !isSent[input.signal.index]
    }
  }
}
