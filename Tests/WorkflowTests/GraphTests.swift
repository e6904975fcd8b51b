import Testing
import Workflow

@Suite struct GraphTests {
  /// A file of processes, each `name: signals in > signals out`; signals are named by one letter
  /// (capital letters are `next` control signals).
  private func graph(_ processes: String...) throws -> (Workflow, WorkflowGraph) {
    let letters = "abcdefghijN"
    let signals = letters.map {
      $0.isUppercase ? #"{"name":"\#($0)","control":"next"}"# : #"{"name":"\#($0)"}"#
    }
    let texts = processes.map { process in
      let parts = process.split(separator: " ", omittingEmptySubsequences: false)
      let lists = [parts[1], parts[3]].map { list in
        "[" + list.map { "\"\($0)\"" }.joined(separator: ",") + "]"
      }
      return #"{"name":"\#(parts[0])","function":"f","ins":\#(lists[0]),"outs":\#(lists[1])}"#
    }
    let read = try workflow(
      file(texts.joined(separator: ","), signals: signals.joined(separator: ",")))
    return (read, read.graph())
  }

  @Test func `a level is the length of the longest path`() throws {
    let (_, graph) = try graph("s  > a", "x a > b", "y ab > c", "z ac > d", "lone  > ")
    #expect(graph.levels == [0, 1, 2, 3, 0])
    #expect(graph.topologicalOrder.map(\.number) == [1, 5, 2, 3, 4])
  }

  @Test func `the levels do not depend on the order in the file`() throws {
    let (_, graph) = try graph("z c > d", "y b > c", "x a > b", "s  > a")
    #expect(graph.levels == [3, 2, 1, 0])
    #expect(graph.topologicalOrder.map(\.number) == [4, 3, 2, 1])
  }

  @Test func `processes of one name and level are a stage`() throws {
    let (_, graph) = try graph("m  > a", "m  > b", "d ab > c", "m c > d", "e d > ", "n  > d")
    #expect(graph.stages.map(\.name) == ["m", "n", "d", "m", "e"])
    #expect(graph.stages.map(\.level) == [0, 0, 1, 2, 3])
    #expect(graph.stages.map { $0.processes.map(\.number) } == [[1, 2], [6], [3], [4], [5]])
    #expect(graph.stages.map(\.index) == [0, 1, 2, 3, 4])
    #expect(graph.stages.map(\.successors) == [[2], [4], [3], [4], []])
    #expect(graph.stages.map(\.predecessors) == [[], [], [0], [2], [1, 3]])
    #expect(graph.stageOf == [0, 0, 2, 3, 4, 1])
  }

  @Test func `a cycle is cut where it leads back to its start`() throws {
    let (read, graph) = try graph("y b > c", "x ac > b", "s  > a", "t b > ")
    #expect(graph.levels == [2, 1, 0, 2])
    #expect(read.successors(of: ProcessID(number: 1)).map(\.number) == [2])
    #expect(read.predecessors(of: ProcessID(number: 2)).map(\.number) == [1, 3])
  }

  @Test func `a cycle without predecessors starts with its first process`() throws {
    let (_, graph) = try graph("ping a > b", "pong b > a")
    #expect(graph.levels == [0, 1])
    #expect(graph.stages.map(\.successors) == [[1], [0]])
  }

  @Test func `a process that feeds itself stays at its level`() throws {
    let (read, graph) = try graph("x ab > a", "y a > c")
    #expect(graph.levels == [0, 1])
    #expect(read.successors(of: ProcessID(number: 1)).map(\.number) == [1, 2])
    #expect(graph.stages[0].successors == [0, 1])
  }

  @Test func `next and done do not change the level`() throws {
    let (_, graph) = try graph("x N > a", "y a > N")
    #expect(graph.levels == [0, 1])
  }

  @Test func `without processes there are no stages`() throws {
    let (_, graph) = try graph()
    #expect(graph.levels == [] && graph.topologicalOrder == [] && graph.stages == [])
  }

  @Test func `a long chain and a dense graph are walked`() throws {
    let chain = (0..<20_000).map {
      #"{"name":"c","function":"f","ins":[\#($0)],"outs":[\#($0 + 1)]}"#
    }
    let crossing = (0..<3_000).map { _ in #"{"name":"x","function":"f","ins":[0],"outs":[1]}"# }
    let signals = (0...20_000).map { #"{"name":\#($0)}"# }.joined(separator: ",")
    let read = try workflow(
      file((chain + crossing).joined(separator: ","), signals: signals))
    let graph = read.graph()
    #expect(graph.levels[19_999] == 19_999)
    #expect(graph.stages.count == 20_001)
  }
}
