import Testing

@testable import TUI

/// How signals become nets.
struct NetTests {
  private func nets(_ levels: [Int], _ joins: ([Int], [Int])...) -> [String] {
    var builder = NetBuilder(levels: levels)
    for (sources, targets) in joins { builder.join(sources, targets) }
    let (nets, loops) = builder.build()
    return nets.map { "\($0.sources)\($0.kind.leadsBack ? "<" : ">")\($0.targets)" }
      + loops.sorted().map { "loop \($0)" }
  }

  @Test func `a fan is one net in either direction`() {
    #expect(nets([0, 1, 1, 1], ([0], [1]), ([0], [2]), ([0], [3])) == ["[0]>[1, 2, 3]"])
    #expect(nets([0, 0, 0, 1], ([0], [3]), ([1], [3]), ([2], [3])) == ["[0, 1, 2]>[3]"])
  }

  @Test func `edges from all nodes to all nodes are one net`() {
    #expect(
      nets([0, 0, 1, 1], ([0], [2]), ([0], [3]), ([1], [2]), ([1], [3])) == ["[0, 1]>[2, 3]"])
  }

  @Test func `nets with different ends stay separate`() {
    #expect(nets([0, 0, 1, 1], ([0], [2, 3]), ([1], [3])) == ["[0]>[2, 3]", "[1]>[3]"])
  }

  @Test func `repeated ends count once`() {
    #expect(nets([0, 1], ([0, 0], [1, 1]), ([0], [1])) == ["[0]>[1]"])
  }

  @Test func `edges that do not lead down lead back or are loops`() {
    #expect(nets([0, 1], ([0], [1]), ([1], [0])) == ["[0]>[1]", "[1]<[0]"])
    #expect(nets([0, 0], ([0], [1])) == ["[0]<[1]"])
    #expect(nets([0], ([0], [0])) == ["loop 0"])
    #expect(nets([0, 1, 2], ([1], [0, 2])) == ["[1]<[0]", "[1]>[2]"])
  }

  @Test func `many sources reach a collector over one net`() {
    let levels = Array(repeating: 0, count: 10) + Array(repeating: 1, count: 11)
    var builder = NetBuilder(levels: levels)
    for source in 0..<10 { builder.join([source], [source + 10, 20]) }
    let nets = builder.build().0
    #expect(nets.filter { $0.targets == [20] }.map(\.sources) == [Array(0..<10)])
    #expect(nets.count == 11)
  }

  @Test func `nets stand for exactly the given edges`() {
    var random = Seeded(seed: 11)
    for round in 0..<400 {
      let (joins, graph) = RandomGraphs.next(&random, nodes: 16, cyclic: true)
      var expected: Set<[Int]> = []
      for (sources, targets) in joins {
        for source in sources { for target in targets { expected.insert([source, target]) } }
      }
      #expect(graph.edges == expected, "round \(round): \(joins)")
      for net in graph.nets {
        let highest = net.lower.map { graph.layers[$0] }.min() ?? 0
        let lowest = net.upper.map { graph.layers[$0] }.max() ?? 0
        #expect(net.kind.leadsBack ? lowest <= highest : lowest < highest, "round \(round)")
      }
    }
  }
}
