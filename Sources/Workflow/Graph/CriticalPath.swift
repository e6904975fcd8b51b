/// The chain of processes that no number of workers makes shorter, and how long each process's
/// beginnings and ends are. Durations are in whatever unit the weights have.
public struct CriticalPath: Sendable, Equatable {
  /// The heaviest chain, first process first; of equal chains the one with the lower numbers.
  public let processes: [ProcessID]
  /// What its processes weigh together.
  public let length: Double
  /// `heads[id.number - 1]`: the heaviest chain that must be over before the process can start.
  public let heads: [Double]
  /// `tails[id.number - 1]`: the heaviest chain that begins with the process, it included. With
  /// what is still to be done as weights, its greatest is the least time that the run still takes.
  public let tails: [Double]

  /// How much later a process could end without making the run longer.
  public func slack(of process: ProcessID) -> Double {
    length - heads[process.index] - tails[process.index]
  }
}

extension Workflow {
  /// The critical path when each process takes as long as its weight says; negative weights count
  /// as 0. Edges that lead back, and `next` and `done`, are left out. Linear in the size of the
  /// file.
  public func criticalPath(
    _ graph: WorkflowGraph, weight: (ProcessID) -> Double
  ) -> CriticalPath {
    let weights = processes.map { max(0, weight($0.id)) }
    var layers = [[ProcessID]](repeating: [], count: (graph.levels.max() ?? -1) + 1)
    for id in graph.topologicalOrder { layers[graph.levels[id.index]].append(id) }
    let before = ChainWalk.run(
      layers, signals.count, weights, from: { self[$0].inputs.map(\.signal) },
      to: { self[$0].outputs.map(\.signal) }, isLeftOut: { self[$0].control?.isFeedback ?? false })
    let after = ChainWalk.run(
      layers.reversed(), signals.count, weights, from: { self[$0].outputs.map(\.signal) },
      to: { self[$0].inputs.map(\.signal) }, isLeftOut: { self[$0].control?.isFeedback ?? false })
    let tails = zip(after.reached, weights).map(+)
    let start = tails.indices.max { tails[$0] < tails[$1] || (tails[$0] == tails[$1] && $0 > $1) }
    var path: [ProcessID] = []
    var next = start
    while let index = next {
      path.append(ProcessID(number: index + 1))
      next = after.origin[index]
    }
    return CriticalPath(
      processes: path, length: start.map { tails[$0] } ?? 0, heads: before.reached, tails: tails)
  }
}

/// The heaviest chains that lead to each process. A whole layer reads from its signals before it
/// writes to its own, so an edge that leads back, or to its own layer, carries nothing.
private struct ChainWalk {
  /// Per process: what the heaviest chain before it weighs, and the process that chain ends with.
  private(set) var reached: [Double]
  private(set) var origin: [Int?]
  private var arrivals: [(weight: Double, from: Int?)]

  static func run(
    _ layers: [[ProcessID]], _ signalCount: Int, _ weights: [Double],
    from: (ProcessID) -> [SignalID], to: (ProcessID) -> [SignalID],
    isLeftOut: (SignalID) -> Bool
  ) -> ChainWalk {
    var walk = ChainWalk(weights.count, signalCount)
    for layer in layers {
      for id in layer {
        for signal in from(id) where !isLeftOut(signal) { walk.read(signal, by: id) }
      }
      for id in layer {
        for signal in to(id) where !isLeftOut(signal) { walk.write(signal, id, weights[id.index]) }
      }
    }
    return walk
  }

  private init(_ processCount: Int, _ signalCount: Int) {
    reached = Array(repeating: 0, count: processCount)
    origin = Array(repeating: nil, count: processCount)
    arrivals = Array(repeating: (0, nil), count: signalCount)
  }

  private mutating func read(_ signal: SignalID, by id: ProcessID) {
    let (weight, from) = arrivals[signal.index]
    guard let from, origin[id.index] == nil || weight > reached[id.index] else { return }
    reached[id.index] = weight
    origin[id.index] = from
  }

  private mutating func write(_ signal: SignalID, _ id: ProcessID, _ weight: Double) {
    let chain = reached[id.index] + weight
    guard arrivals[signal.index].from == nil || chain > arrivals[signal.index].weight else {
      return
    }
    arrivals[signal.index] = (chain, id.index)
  }
}
