internal import Workflow

/// What is drawn: nodes in layers, each a stage or a process, and the nets between them.
///
/// The edges of a workflow can be more than memory holds: a signal with m producers and n consumers
/// stands for m × n. So the drawing has no edges, it has nets (see ``Net``), whose ends are never
/// more than the inputs and outputs in the file.
struct NodeGraph: Equatable {
  enum Node: Hashable {
    case stage(Int)
    case process(ProcessID)
  }

  let nodes: [Node]
  /// The layer of each node, without gaps from 0.
  let layers: [Int]
  /// The nodes that feed themselves.
  let loops: Set<Int>
  let nets: [Net]
  /// For each node the nets that it is a target of.
  let inputs: Links
  /// For each node the nets that it is a source of.
  let outputs: Links
  /// The node of each process, by its place in the file; -1 for those that are left out.
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

  /// The node that a process is, or is folded into.
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

/// Sources that all feed the same targets: every source is joined with every target, so one line
/// that branches at both ends says it all. A layered graph is read from above to below; a net that
/// leads back goes the other way.
struct Net: Equatable {
  struct Kind: Hashable {
    var control: Workflow.Control?
    /// Its targets are not below its sources: it closes a cycle, or steers from behind.
    var leadsBack = false

    var isPlain: Bool { control == nil && !leadsBack }
  }

  var kind: Kind
  /// Ascending.
  var sources: [Int]
  var targets: [Int]
  /// How many signals of the workflow it stands for.
  var signals = 1

  /// Those above and those below.
  var upper: [Int] { kind.leadsBack ? targets : sources }
  var lower: [Int] { kind.leadsBack ? sources : targets }
}

/// Lists of small numbers, one for each of a number of owners, in two arrays.
struct Links: Equatable {
  private var starts: [Int32]
  private var items: [Int32]

  /// From the owners that each item has.
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
