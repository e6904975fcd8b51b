/// The longest chain of processes, which no number of workers can shorten. Durations are in the
/// unit of the weights.
public struct CriticalPath: Sendable, Equatable {
  /// The heaviest chain, first process first; of equal chains the one with lower numbers.
  public let processes: [ProcessID]
  /// The total weight of its processes.
  public let length: Double
  /// `heads[id.number - 1]`: the weight of the heaviest chain before the process.
  public let heads: [Double]
  /// `tails[id.number - 1]`: the weight of the heaviest chain that begins with the process.
  /// With remaining work as weights, its maximum is the least remaining time of the run.
  public let tails: [Double]

  /// How much later a process may end without delaying the run.
  public func slack(of process: ProcessID) -> Double {
    length - heads[process.index] - tails[process.index]
  }
}

extension Workflow {
  /// The critical path for these weights; negative weights count as 0. Backward edges and
  /// control signals are ignored. Linear in the size of the file.
  public func criticalPath(
    _ graph: WorkflowGraph, weight: (ProcessID) -> Double
  ) -> CriticalPath {
    let weights = processes.map { max(0, weight($0.id)) }
    var layers = [[ProcessID]](repeating: [], count: (graph.levels.max() ?? -1) + 1)
    for id in graph.topologicalOrder { layers[graph.levels[id.index]].append(id) }
    let before = LongestChains.run(
      layers, signals.count, weights, from: { self[$0].inputs.map(\.signal) },
      to: { self[$0].outputs.map(\.signal) }, isLeftOut: { self[$0].control?.isFeedback ?? false })
    let after = LongestChains.run(
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

/// The heaviest chains to each process. All processes of a layer read their signals before any
/// of them writes, so backward edges and edges within a layer have no effect.
private struct LongestChains {
  /// For each process, the weight of the heaviest chain before it, and the last process of
  /// that chain.
  private(set) var reached: [Double]
  private(set) var origin: [Int?]
  private var arrivals: [(weight: Double, from: Int?)]

  static func run(
    _ layers: [[ProcessID]], _ signalCount: Int, _ weights: [Double],
    from: (ProcessID) -> [SignalID], to: (ProcessID) -> [SignalID],
    isLeftOut: (SignalID) -> Bool
  ) -> LongestChains {
    var walk = LongestChains(weights.count, signalCount)
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
