internal import Engine
internal import HumanText
internal import JobProtocol
internal import Workflow

/// Texts about a node: its name, state and figures.
enum NodeText {
  /// The name of a stage; for a process, the label of its first task.
  static func name(_ node: NodeGraph.Node, _ run: RunState) -> String {
    switch node {
    case .stage(let stage): run.graph.stages[guarding: stage]?.name.displayName ?? ""
    case .process(let process):
      run.workflow.label(process: process, firing: 1).displayName
    }
  }

  /// The suffix for kinds other than dataflow.
  static func symbol(_ node: NodeGraph.Node, _ run: RunState, ascii: Bool = false) -> String {
    kind(node, run).symbol(ascii: ascii)
  }

  static func kind(_ node: NodeGraph.Node, _ run: RunState) -> Workflow.Process.Kind {
    process(node, run).map { run.workflow[$0].kind } ?? .dataflow
  }

  /// The process of a node, or the first process of a stage.
  static func process(_ node: NodeGraph.Node, _ run: RunState) -> ProcessID? {
    switch node {
    case .stage(let stage): run.graph.stages[guarding: stage]?.processes.first
    case .process(let process): process
    }
  }
}

extension NodeGraph.Node {
  var isStage: Bool { if case .stage = self { true } else { false } }
}

/// The figures of a node.
struct NodeFigures: Equatable {
  var counts = TaskCounts()
  var meanMilliseconds: Int?
  /// The only task of a process that has one.
  var task: FiringID?

  /// Whether all of its processes are held.
  var isHeld = false

  var appearance: TaskAppearance {
    let appearance = TaskAppearance(stage: counts)
    return isHeld && appearance == .waiting ? .held : appearance
  }

  init(_ node: NodeGraph.Node, _ run: RunState) {
    switch node {
    case .stage(let stage):
      guard let state = run.stages[guarding: stage] else { return }
      counts = state.counts
      meanMilliseconds = state.meanMilliseconds
      let processes = run.graph.stages[stage].processes
      isHeld = Self.areHeld(processes, run)
      if counts.total == 1, let only = processes.first { task = FiringID(only, 1) }
    case .process(let process):
      guard let state = run.processes[guarding: process.index] else { return }
      isHeld = Self.areHeld([process], run)
      counts[.waiting] = state.waiting
      for record in state.tasks { counts[record.state] += 1 }
      if counts.total == 1 { task = FiringID(process, 1) }
      meanMilliseconds = run.stages[guarding: run.graph.stageOf[process.index]]?.meanMilliseconds
    }
  }

  private static func areHeld(_ processes: [ProcessID], _ run: RunState) -> Bool {
    run.heldProcesses.count >= processes.count && !processes.isEmpty
      && processes.allSatisfy(run.heldProcesses.contains)
  }

  /// The state and duration of a single task, or that there is no task; `nil` for several tasks.
  func text(_ model: Model) -> String? {
    if counts.total == 0 { return "no tasks" }
    guard let task else { return nil }
    guard let record = model.run.task(task), let attempt = record.lastAttempt else {
      return appearance.word
    }
    let duration = attempt.duration(now: model.now)
      .map { time in
        // Whole seconds while it runs.
        record.state == .running && time < 59_500
          ? "\(time / 1000) s" : Formats.mean(milliseconds: Double(time))
      }
    if record.state == .succeeded { return duration ?? appearance.word }
    let word = record.state.needsAttention ? record.cause?.summary.displayName : nil
    return [word ?? appearance.word, duration].compactMap { $0 }.joined(separator: " ")
  }
}

/// The number of tasks of each stage that ended in the last seconds. Only stages with many
/// tasks have a rate.
struct StageRates {
  private var meters: [Int: RateMeter] = [:]
  private static let minimum = 8

  mutating func handle(_ event: RunEvent, _ run: RunState) {
    guard case .jobFinished(let attempt, .succeeded, _, _) = event.change,
      let stage = run.graph.stageOf[guarding: attempt.firing.process.index],
      run.stages[stage].counts.total >= Self.minimum
    else { return }
    meters[stage, default: RateMeter()].count(at: event.time)
  }

  /// Tasks per second, if any.
  func rate(_ stage: Int, now: Int, since beginning: Int) -> Double? {
    guard let rate = meters[stage]?.rate(now: now, since: beginning), rate > 0 else { return nil }
    return rate
  }
}
