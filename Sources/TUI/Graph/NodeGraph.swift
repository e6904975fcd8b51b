internal import Workflow

/// The graph to draw: nodes in layers, each a stage or a process, and the nets between them.
///
/// A workflow may have more edges than fit into memory: a signal with m producers and n
/// consumers stands for m × n edges. So the drawing uses nets (see ``Net``), whose ends are at
/// most the inputs and outputs in the file.
struct NodeGraph: Equatable {
  enum Node: Hashable {
    case stage(Int)
    case process(ProcessID)
  }

  let nodes: [Node]
  /// The layer of each node; layers are numbered from 0 without gaps.
  let layers: [Int]
  /// The nodes with an edge to themselves.
  let loops: Set<Int>
  let nets: [Net]
  /// For each node, the nets that lead to it.
  let inputs: Links
  /// For each node, the nets that start at it.
  let outputs: Links
  /// The node of each process, by its index in the file; -1 if it is left out.
  let nodeOfProcess: [Int32]

  var layerCount: Int { (layers.max() ?? -1) + 1 }

  init(nodes: [Node], levels: [Int], nets builder: NetBuilder, nodeOfProcess: [Int32] = []) {
    self.nodes = nodes
    self.nodeOfProcess = nodeOfProcess
    layers = Self.withoutGaps(levels)
    (nets, loops) = builder.build()
    inputs = Links(nodes.count, nets.map(\.targets))
    outputs = Links(nodes.count, nets.map(\.sources))
  }

  /// The node of a process, or the stage that contains it.
  func node(of process: ProcessID) -> Int? {
    nodeOfProcess[guarding: process.index].flatMap { $0 < 0 ? nil : Int($0) }
  }

  private static func withoutGaps(_ levels: [Int]) -> [Int] {
    var isUsed = [Bool](repeating: false, count: (levels.max() ?? -1) + 1)
    for level in levels { isUsed[level] = true }
    var layer = -1
    let layerOf = isUsed.map { used in
      if used { layer += 1 }
      return layer
    }
    return levels.map { layerOf[$0] }
  }
}

/// Sources that all feed the same targets, so one line that branches at both ends represents
/// all edges. Graphs are read from top to bottom; a net that leads back goes up.
struct Net: Equatable {
  struct Kind: Hashable {
    var control: Workflow.Control?
    /// Whether the targets are not below the sources: the net closes a cycle or is a
    /// control signal.
    var leadsBack = false

    var isPlain: Bool { control == nil && !leadsBack }
  }

  var kind: Kind
  /// Ascending.
  var sources: [Int]
  var targets: [Int]
  /// The number of signals that it represents.
  var signals = 1

  /// The nodes above and below.
  var upper: [Int] { kind.leadsBack ? targets : sources }
  var lower: [Int] { kind.leadsBack ? sources : targets }
}

/// A list of small numbers for each owner, packed in two arrays.
struct Links: Equatable {
  private var starts: [Int32]
  private var items: [Int32]

  /// Inverts the lists: from the owners of each item.
  init(_ count: Int, _ owners: [[Int]]) {
    starts = Array(repeating: 0, count: count + 1)
    for list in owners { for owner in list { starts[owner + 1] += 1 } }
    for owner in 0..<count { starts[owner + 1] += starts[owner] }
    items = Array(repeating: 0, count: Int(starts[count]))
    var next = starts
    for (item, list) in owners.enumerated() {
      for owner in list {
        items[Int(next[owner])] = Int32(item)
        next[owner] += 1
      }
    }
  }

  /// Ascending.
  subscript(owner: Int) -> some RandomAccessCollection<Int> {
    items[Int(starts[owner])..<Int(starts[owner + 1])].lazy.map { Int($0) }
  }

  func count(_ owner: Int) -> Int { Int(starts[owner + 1] - starts[owner]) }
}
