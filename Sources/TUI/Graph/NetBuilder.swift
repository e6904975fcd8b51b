internal import Workflow

/// Converts the signals between nodes into nets.
///
/// 1. Each signal is a net. Targets that are not below the sources become a net of their own
/// that leads back.
/// 2. Nets with the same sources are merged, then nets with the same targets. A fan of 500
/// signals is one net after this.
/// 3. A node with many nets at one side has them joined into one: 500 sources that feed a
/// collector and something else reach the collector on one line.
struct NetBuilder {
  /// If a node has more nets of one kind at one side, they are joined.
  static let mostNets = 4

  private let levels: [Int]
  private var nets: [Net.Kind: [Net]] = [:]
  private var loops: Set<Int> = []

  init(levels: [Int]) { self.levels = levels }

  /// Every source feeds every target; duplicates count once.
  mutating func join(_ sources: [Int], _ targets: [Int], _ control: Workflow.Control? = nil) {
    guard !sources.isEmpty, !targets.isEmpty else { return }
    let (sources, targets) = (Self.unique(sources), Self.unique(targets))
    if sources == targets, sources.count == 1 {
      loops.insert(sources[0])
      return
    }
    let lowest = sources.map { levels[$0] }.max() ?? 0
    let highest = targets.map { levels[$0] }.min() ?? 0
    if lowest < highest {
      add(sources, targets, Net.Kind(control: control))
      return
    }
    let byLevel = Dictionary(grouping: sources) { levels[$0] }
    for (level, sources) in byLevel.sorted(by: { $0.key < $1.key }) {
      add(sources, targets.filter { levels[$0] > level }, Net.Kind(control: control))
      add(
        sources, targets.filter { levels[$0] <= level },
        Net.Kind(control: control, leadsBack: true))
    }
  }

  private mutating func add(_ sources: [Int], _ targets: [Int], _ kind: Net.Kind) {
    guard !sources.isEmpty, !targets.isEmpty else { return }
    if kind.leadsBack { loops.formUnion(Set(sources).intersection(targets)) }
    if sources == targets, sources.count == 1 { return }
    nets[kind, default: []].append(Net(kind: kind, sources: sources, targets: targets))
  }

  /// In an order that depends only on what the nets join.
  func build() -> ([Net], loops: Set<Int>) {
    var all: [Net] = []
    for (_, var group) in nets.sorted(by: { Self.order($0.key) < Self.order($1.key) }) {
      group = Self.merged(group, by: \.sources, \.targets)
      group = Self.merged(group, by: \.targets, \.sources)
      group = Self.thinned(group, levels.count, at: \.targets, from: \.sources)
      group = Self.thinned(group, levels.count, at: \.sources, from: \.targets)
      all += group
    }
    let order = all.indices.sorted { Self.order(all[$0], $0) < Self.order(all[$1], $1) }
    return (order.map { all[$0] }, loops)
  }

  private static func order(_ kind: Net.Kind) -> (String, Int) {
    (kind.control?.rawValue ?? "", kind.leadsBack ? 1 : 0)
  }

  private static func order(_ net: Net, _ place: Int) -> (Int, Int, Int) {
    (net.upper[0], net.lower[0], place)
  }

  /// Merges nets with a common end.
  private static func merged(
    _ nets: [Net], by key: KeyPath<Net, [Int]>, _ other: WritableKeyPath<Net, [Int]>
  ) -> [Net] {
    var places: [[Int]: Int] = [:]
    places.reserveCapacity(nets.count)
    var result: [Net] = []
    for net in nets {
      if let place = places[net[keyPath: key]] {
        result[place][keyPath: other] += net[keyPath: other]
        result[place].signals += net.signals
      } else {
        places[net[keyPath: key]] = result.count
        result.append(net)
      }
    }
    for index in result.indices where result[index].signals > 1 {
      result[index][keyPath: other] = unique(result[index][keyPath: other])
    }
    return result
  }

  /// Removes nodes with many nets at one end from these nets, and gives each one net of its
  /// own.
  private static func thinned(
    _ nets: [Net], _ nodeCount: Int, at end: WritableKeyPath<Net, [Int]>,
    from other: WritableKeyPath<Net, [Int]>
  ) -> [Net] {
    var counts = [Int](repeating: 0, count: nodeCount)
    for net in nets { for node in net[keyPath: end] { counts[node] += 1 } }
    guard counts.contains(where: { $0 > mostNets }) else { return nets }
    var joined: [Int: Net] = [:]
    var result: [Net] = []
    for var net in nets {
      for node in net[keyPath: end] where counts[node] > mostNets {
        var whole = joined[node] ?? Net(kind: net.kind, sources: [], targets: [], signals: 0)
        whole[keyPath: end] = [node]
        whole[keyPath: other] += net[keyPath: other]
        whole.signals += net.signals
        joined[node] = whole
      }
      net[keyPath: end].removeAll { counts[$0] > mostNets }
      if !net[keyPath: end].isEmpty { result.append(net) }
    }
    for (_, var net) in joined.sorted(by: { $0.key < $1.key }) {
      net[keyPath: other] = unique(net[keyPath: other])
      result.append(net)
    }
    return result
  }

  private static func unique(_ nodes: [Int]) -> [Int] {
    if nodes.count < 2 { return nodes }
    if zip(nodes, nodes.dropFirst()).allSatisfy(<) { return nodes }
    var sorted = nodes.sorted()
    var last = 0
    for index in sorted.indices.dropFirst() where sorted[index] != sorted[last] {
      last += 1
      sorted[last] = sorted[index]
    }
    sorted.removeLast(sorted.count - last - 1)
    return sorted
  }
}
