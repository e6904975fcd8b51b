internal import Engine
internal import Workflow

/// The tasks of the selected node. A stage may have many, so they are computed once for each
/// state.
struct GraphSubjects: Equatable {
  private(set) var tasks: [FiringID] = []
  private var node: NodeGraph.Node?
  private var eventCount = -1

  mutating func refresh(_ node: NodeGraph.Node, _ run: RunState) {
    guard node != self.node || run.eventCount != eventCount else { return }
    self.node = node
    eventCount = run.eventCount
    switch node {
    case .stage(let stage):
      tasks = run.graph.stages[guarding: stage]?.processes.flatMap { Self.tasks($0, run) } ?? []
    case .process(let process): tasks = Self.tasks(process, run)
    }
  }

  /// The tasks that have fired, and the next one.
  private static func tasks(_ process: ProcessID, _ run: RunState) -> [FiringID] {
    guard let state = run.processes[guarding: process.index] else { return [] }
    let next = state.waiting > 0 ? [FiringID(process, state.tasks.count + 1)] : []
    return state.tasks.map(\.id) + next
  }
}
