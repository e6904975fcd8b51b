internal import Engine
internal import Workflow

/// The critical path by known durations: measured for ended tasks, the time so far for running
/// ones, the mean of the stage for the rest, and the mean of all stages for stages that have
/// not run yet.
struct CriticalState: Equatable {
  private(set) var path: [ProcessID] = []
  /// Milliseconds; 0 while no duration is known.
  private(set) var length = 0
  /// The path in the current scene.
  private(set) var highlight = Highlight()
  private var computedAt: Int?
  private var isFinal = false
  private var scope: GraphScope?

  /// Computed at this interval; longer for large workflows, where it takes longer than a
  /// frame.
  private static func interval(_ run: RunState) -> Int { 2000 + run.processes.count / 10 }

  mutating func refresh(_ run: RunState, _ scene: GraphScene, now: Int) {
    if computedAt.map({ now >= $0 + Self.interval(run) }) ?? true || run.isFinished != isFinal {
      computedAt = now
      isFinal = run.isFinished
      let before = path
      find(run, now: now)
      if path != before { scope = nil }
    }
    guard scope != scene.scope else { return }
    scope = scene.scope
    var nodes: [Int] = []
    for process in path {
      guard let node = scene.graph.node(of: process), node != nodes.last else { continue }
      nodes.append(node)
    }
    highlight = Highlight()
    highlight.add(path: nodes, of: scene.graph)
  }

  private mutating func find(_ run: RunState, now: Int) {
    let means = run.stages.map(\.meanMilliseconds)
    let known = means.compactMap { $0 }
    let typical = known.isEmpty ? 1 : max(1, known.reduce(0, +) / known.count)
    let found = run.workflow.criticalPath(run.graph) { process in
      let mean = means[run.graph.stageOf[process.index]] ?? typical
      return Double(Self.duration(run.processes[process.index], mean: mean, now: now))
    }
    path = found.processes
    length = known.isEmpty ? 0 : Int(found.length)
  }

  /// Firings of one process run in sequence.
  private static func duration(_ process: ProcessState, mean: Int, now: Int) -> Int {
    process.tasks.reduce(process.waiting * mean) { sum, task in
      guard let duration = task.lastAttempt?.duration(now: now) else { return sum + mean }
      return sum + (task.state.isDone ? duration : max(duration, mean))
    }
  }
}
