internal import Engine
internal import Workflow

/// The critical path by the durations that are known: of what has run what it took, of what runs at
/// least what it has taken, of the rest what its stage takes on average, and of stages of which
/// nothing has run yet as much as the others on average.
struct CriticalState: Equatable {
  private(set) var path: [ProcessID] = []
  /// Milliseconds; 0 while no duration is known.
  private(set) var length = 0
  /// What the path is in the scene.
  private(set) var highlight = Highlight()
  private var computedAt: Int?
  private var isFinal = false
  private var scope: GraphScope?

  /// Once in so many milliseconds, and more for each process: a walk over a large workflow takes
  /// longer than a picture may.
  private static func interval(_ run: RunState) -> Int { 2000 + run.processes.count / 10 }

  mutating func settle(_ run: RunState, _ scene: GraphScene, now: Int) {
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
    let usual = known.isEmpty ? 1 : max(1, known.reduce(0, +) / known.count)
    let found = run.workflow.criticalPath(run.graph) { process in
      let mean = means[run.graph.stageOf[process.index]] ?? usual
      return Double(Self.duration(run.processes[process.index], mean: mean, now: now))
    }
    path = found.processes
    length = known.isEmpty ? 0 : Int(found.length)
  }

  /// The firings of a process follow each other.
  private static func duration(_ process: ProcessState, mean: Int, now: Int) -> Int {
    process.tasks.reduce(process.waiting * mean) { sum, task in
      guard let duration = task.lastAttempt?.duration(now: now) else { return sum + mean }
      return sum + (task.state.isDone ? duration : max(duration, mean))
    }
  }
}
