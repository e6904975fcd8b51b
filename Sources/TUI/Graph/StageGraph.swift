internal import Workflow

/// The stages as rails: one row each in topological order, lanes beside them for the edges, as logs
/// of version control draw them.
///
/// A lane waits for one stage; all edges to that stage share it. A stage hands its own lane on to
/// its nearest child and opens lanes to the right for the others.
struct StageGraph {
  /// One drawn row. `lanes` are the glyphs left of the stage's name.
  struct Row: Equatable {
    var lanes: [Lane]
    /// `nil` in rows that only carry lanes.
    var stage: Int?
  }

  enum Lane: Equatable {
    case empty
    case stage
    case line(Joint)
  }

  /// To which sides a line goes from the middle of its cell.
  struct Joint: OptionSet, Equatable {
    let rawValue: UInt8
    static let up = Joint(rawValue: 1)
    static let down = Joint(rawValue: 2)
    static let left = Joint(rawValue: 4)
    static let right = Joint(rawValue: 8)
    static let through: Joint = [.up, .down]
  }

  static let laneLimit = 12
  static let stageLimit = 2000

  /// With a row of lanes between all stages, and only where lanes part or meet.
  private(set) var wide: [Row] = []
  private(set) var compact: [Row] = []
  let laneCount: Int

  init(_ graph: WorkflowGraph) {
    self.init(children: graph.stages.map(\.successors))
  }

  /// `children[i]` are the stages fed by stage `i`; only those after `i` are drawn, so cycles do no
  /// harm.
  init(children: [[Int]]) {
    var rails = Rails()
    if children.count <= Self.stageLimit {
      for stage in children.indices {
        rails.draw(stage, Array(Set(children[stage].filter { $0 > stage })).sorted())
      }
      wide = rails.wide
      compact = rails.compact
    } else {
      compact = children.indices.map { Row(lanes: [.stage], stage: $0) }
      wide = compact
    }
    laneCount = min(Self.laneLimit, max(1, compact.map(\.lanes.count).max() ?? 1))
  }
}

/// The lanes while drawing from top to bottom.
private struct Rails {
  typealias Row = StageGraph.Row
  typealias Lane = StageGraph.Lane

  var wide: [Row] = []
  var compact: [Row] = []
  /// The stage that each lane waits for.
  private var waiting: [Int?] = []

  mutating func draw(_ stage: Int, _ children: [Int]) {
    let column = waiting.firstIndex(of: stage) ?? freeLane()
    waiting[column] = stage
    let row = Row(
      lanes: waiting.indices.map { index in
        index == column ? .stage : waiting[index] == nil ? .empty : .line(.through)
      }, stage: stage)
    wide.append(row)
    compact.append(row)
    let link = branch(from: column, to: children)
    if link.contains(where: { $0 != .empty }) { wide.append(Row(lanes: link, stage: nil)) }
    if link.contains(where: { $0 != .empty && $0 != .line(.through) }) {
      compact.append(Row(lanes: link, stage: nil))
    }
  }

  private mutating func freeLane() -> Int {
    if let free = waiting.firstIndex(where: { $0 == nil }) { return free }
    waiting.append(nil)
    return waiting.count - 1
  }

  /// The lanes between a stage and the next one.
  private mutating func branch(from column: Int, to children: [Int]) -> [Lane] {
    let before = waiting
    waiting[column] = nil
    var ends: [Int] = []
    for child in children {
      if let lane = waiting.firstIndex(of: child) {
        ends.append(lane)
      } else if waiting[column] == nil && !children.contains(where: { before.contains($0) }) {
        waiting[column] = child
      } else {
        let lane = waiting[column] == nil ? column : freeLane()
        waiting[lane] = child
        if lane != column { ends.append(lane) }
      }
    }
    pullNearest(&ends, to: column)
    return joints(column: column, ends: ends, before: before)
  }

  /// A lane that would only run beside the stage's own, now free, takes its place.
  private mutating func pullNearest(_ ends: inout [Int], to column: Int) {
    guard waiting[column] == nil, let lane = ends.filter({ $0 > column }).min() else { return }
    waiting[column] = waiting[lane]
    waiting[lane] = nil
  }

  private func joints(column: Int, ends: [Int], before: [Int?]) -> [Lane] {
    var joints = waiting.indices.map { index -> StageGraph.Joint in
      var joint: StageGraph.Joint = []
      let wasThere = index < before.count && before[index] != nil
      if wasThere && (index == column || waiting[index] != nil || ends.contains(index)) {
        joint.insert(.up)
      }
      if waiting[index] != nil { joint.insert(.down) }
      return joint
    }
    for end in ends {
      let (low, high) = (min(end, column), max(end, column))
      joints[low].insert(.right)
      joints[high].insert(.left)
      for between in joints.indices where between > low && between < high {
        joints[between].formUnion([.left, .right])
      }
    }
    if waiting[column] == nil && ends.isEmpty { joints[column] = [] }
    return joints.map { $0.isEmpty ? .empty : .line($0) }
  }
}
