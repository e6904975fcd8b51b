import Testing
import Workflow

/// Upstream and downstream processes, and the critical path.
@Suite struct ReachabilityTests {
  /// Processes as `name ins > outs`; signals are single letters, capital ones are `next`.
  private func read(_ processes: String...) throws -> Workflow {
    let signals = "abcdefghijN".map {
      $0.isUppercase ? #"{"name":"\#($0)","control":"next"}"# : #"{"name":"\#($0)"}"#
    }
    let texts = processes.map { process in
      let parts = process.split(separator: " ", omittingEmptySubsequences: false)
      let lists = [parts[1], parts[3]].map { list in
        "[" + list.map { "\"\($0)\"" }.joined(separator: ",") + "]"
      }
      return #"{"name":"\#(parts[0])","function":"f","ins":\#(lists[0]),"outs":\#(lists[1])}"#
    }
    return try workflow(
      file(texts.joined(separator: ","), signals: signals.joined(separator: ",")))
  }

  private func ids(_ numbers: Int...) -> [ProcessID] { numbers.map(ProcessID.init) }

  private func numbers(_ set: ProcessSet) -> [Int] { set.map(\.number) }

  /// 1 → 2 and 3, 2 → 4, 3 and 4 → 5; 6 alone.
  private func diamond() throws -> Workflow {
    try read("s  > a", "x a > b", "y a > c", "z b > d", "t cd > e", "lone  > ")
  }

  @Test func `downstream has every process that gets data from these`() throws {
    let workflow = try diamond()
    #expect(numbers(workflow.downstream(of: ids(1))) == [2, 3, 4, 5])
    #expect(numbers(workflow.downstream(of: ids(2))) == [4, 5])
    #expect(numbers(workflow.downstream(of: ids(2, 3))) == [4, 5])
    #expect(numbers(workflow.downstream(of: ids(6))) == [])
    #expect(numbers(workflow.downstream(of: ids(1), hops: 1)) == [2, 3])
    #expect(numbers(workflow.downstream(of: ids(1), hops: 2)) == [2, 3, 4, 5])
  }

  @Test func `upstream has every process that gives data to these`() throws {
    let workflow = try diamond()
    #expect(numbers(workflow.upstream(of: ids(5))) == [1, 2, 3, 4])
    #expect(numbers(workflow.upstream(of: ids(5), hops: 1)) == [3, 4])
    #expect(numbers(workflow.upstream(of: ids(1))) == [])
  }

  @Test func `a cycle includes its start`() throws {
    let workflow = try read("s  > a", "x ac > b", "y b > c", "t b > d")
    #expect(numbers(workflow.downstream(of: ids(2))) == [2, 3, 4])
    #expect(numbers(workflow.downstream(of: ids(1))) == [2, 3, 4])
    #expect(numbers(workflow.upstream(of: ids(3))) == [1, 2, 3])
  }

  @Test func `next and done are not followed`() throws {
    let workflow = try read("x aN > b", "y b > N")
    #expect(numbers(workflow.downstream(of: ids(2))) == [])
    #expect(numbers(workflow.upstream(of: ids(1))) == [])
    #expect(numbers(workflow.neighbourhood(of: ids(1)[0], hops: 1).processes) == [1, 2])
  }

  @Test func `a neighbourhood goes both ways and stops at its limit`() throws {
    let workflow = try diamond()
    let near = workflow.neighbourhood(of: ids(2)[0], hops: 1)
    #expect(numbers(near.processes) == [1, 2, 4] && !near.isCut)
    #expect(numbers(workflow.neighbourhood(of: ids(2)[0], hops: 2).processes) == [1, 2, 3, 4, 5])
    let cut = workflow.neighbourhood(of: ids(2)[0], hops: 2, limit: 3)
    #expect(cut.processes.count == 3 && cut.isCut)
    #expect(numbers(workflow.neighbourhood(of: ids(6)[0], hops: 9).processes) == [6])
  }

  @Test func `the critical path is the heaviest, not the longest`() throws {
    let workflow = try diamond()
    let even = workflow.criticalPath(workflow.graph()) { _ in 1 }
    #expect(even.processes == ids(1, 2, 4, 5) && even.length == 4)
    #expect(even.heads == [0, 1, 1, 2, 3, 0] && even.tails == [4, 3, 2, 2, 1, 1])
    #expect(even.slack(of: ids(3)[0]) == 1 && even.slack(of: ids(4)[0]) == 0)
    let uneven = workflow.criticalPath(workflow.graph()) { $0.number == 3 ? 5 : 1 }
    #expect(uneven.processes == ids(1, 3, 5) && uneven.length == 7)
    let lone = workflow.criticalPath(workflow.graph()) { $0.number == 6 ? 50 : -1 }
    #expect(lone.processes == ids(6) && lone.length == 50)
  }

  @Test func `the critical path of a loop is finite, of an empty file empty`() throws {
    let workflow = try read("s  > a", "x ac > b", "y b > c", "t b > dN", "u N > ")
    let path = workflow.criticalPath(workflow.graph()) { _ in 2 }
    #expect(path.processes == ids(1, 2, 3) && path.length == 6)
    let empty = try read()
    #expect(empty.criticalPath(empty.graph()) { _ in 1 }.processes == [])
  }

  @Test func `the critical path agrees with a search of all paths`() throws {
    var random = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: 0..<1 << 40, using: &random)
    var state = seed | 1
    func next(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % below
    }
    for _ in 0..<100 {
      let count = next(8) + 1
      let processes = (0..<count).map { index in
        let ins = (0..<index).filter { _ in next(3) == 0 }.map(String.init)
        return
          #"{"name":"p","function":"f","ins":[\#(ins.joined(separator: ","))],"outs":[\#(index)]}"#
      }
      let signals = (0..<count).map { #"{"name":"\#($0)"}"# }
      let read = try workflow(
        file(
          processes.joined(separator: ","), signals: signals.joined(separator: ","),
          rest: #""ins":[],"outs":[]"#))
      let weights = (0..<count).map { _ in Double(next(9)) }
      func heaviest(_ id: ProcessID) -> Double {
        weights[id.number - 1] + (read.successors(of: id).map(heaviest).max() ?? 0)
      }
      let path = read.criticalPath(read.graph()) { weights[$0.number - 1] }
      #expect(path.tails == read.processes.map { heaviest($0.id) }, "seed \(seed)")
      #expect(path.length == path.tails.max(), "seed \(seed)")
      let sum = path.processes.reduce(0) { $0 + weights[$1.number - 1] }
      #expect(sum == path.length, "seed \(seed)")
      for (one, other) in zip(path.processes, path.processes.dropFirst()) {
        #expect(read.successors(of: one).contains(other), "seed \(seed)")
      }
    }
  }

  @Test func `a set of processes is ordered and counts its members`() {
    var set = ProcessSet(ids(65, 3, 200, 3, 64))
    #expect(numbers(set) == [3, 64, 65, 200] && set.count == 4)
    #expect(set.contains(ProcessID(number: 64)) && !set.contains(ProcessID(number: 1000)))
    set.formUnion(ProcessSet(ids(1, 64)))
    #expect(numbers(set) == [1, 3, 64, 65, 200])
    #expect(set == ProcessSet(ids(200, 65, 64, 3, 1)) && ProcessSet().isEmpty)
  }
}
