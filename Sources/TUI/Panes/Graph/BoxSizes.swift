internal import Engine
internal import Workflow

/// The sizes of boxes. They depend on names and numbers of processes, never on states, so
/// nothing moves during a run.
enum BoxSizes {
  private static let widest = 34

  static func all(
    _ scene: GraphScene, _ run: RunState, _ zoom: GraphPane.Zoom, opened: Set<Int> = []
  ) -> [Size] {
    let rows = [1, 3, 4][zoom.rawValue]
    let widths = scene.graph.nodes.map { width($0, run, zoom) }
    // All stages have the width of the widest, and so do all processes: chains are straight.
    var (stages, processes) = (0, 0)
    for (node, width) in zip(scene.graph.nodes, widths) {
      if case .stage = node {
        stages = max(stages, width)
      } else {
        processes = max(processes, width)
      }
    }
    return scene.graph.nodes.map { node in
      if case .stage(let stage) = node, opened.contains(stage) {
        let count = run.graph.stages[guarding: stage]?.processes.count ?? 0
        let cells = StageCells.size(of: count, width: stages - 4)
        return Size(columns: cells.columns + 4, rows: max(3, rows) + cells.rows)
      }
      if case .stage = node { return Size(columns: stages, rows: rows) }
      return Size(columns: processes, rows: rows)
    }
  }

  private static func width(_ node: NodeGraph.Node, _ run: RunState, _ zoom: GraphPane.Zoom)
    -> Int
  {
    let name = DisplayWidth.of(NodeText.name(node, run)) + NodeText.symbol(node, run).utf8.count / 3
    let minimum: Int
    switch (node, zoom) {
    case (.stage(let stage), .names):
      minimum =
        name + 6 + (run.graph.stages[stage].processes.count > 1 ? counts(stage, run) + 1 : 0)
    case (.stage(let stage), _): minimum = max(name + 8, counts(stage, run) + 20)
    case (.process, .names): minimum = name + 6
    case (.process, _): minimum = max(name + 8, 20)
    }
    return min(minimum, widest)
  }

  /// `412/412`, with its final width.
  private static func counts(_ stage: Int, _ run: RunState) -> Int {
    2 * "\(run.graph.stages[stage].processes.count)".utf8.count + 1
  }
}
