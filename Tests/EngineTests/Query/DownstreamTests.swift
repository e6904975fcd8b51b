import Engine
import JSONValue
import JobProtocol
import TestSupport
import Testing
import Workflow

/// Which tasks used a task's outputs, and which tasks wait for it.
@Suite struct DownstreamTests {
  @Test(arguments: 0..<200)
  func `a task's parents are the sources of its consumed instances`(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    var run = try Scenario(RandomWorkflow(&random).text)
    var looked = 0
    while !run.work.isEmpty, looked < 2000 {
      looked += 1
      let work = run.takeWork(at: random.below(run.work.count))
      let firing = work.attempt.firing
      let sources = Set(work.inputs.flatMap(\.instances).compactMap(\.source)).sorted()
      #expect(run.state.upstream(of: firing) == sources, "seed \(seed), \(firing)")
      let outputs = Behaviour.outputs(of: run.machine.workflow[firing.process], firing.number)
      run.finish(work.attempt, outputs: outputs)
    }
    #expect(looked > 0 || run.state.counts[.succeeded] == 0)
  }

  @Test func `parents of a join are the first branches, not the late ones`() throws {
    let numbers = #"[{"name": "n", "data": [1, 2]}, {"name": "m", "data": [1, 2]}]"#
    let join = #""type": "join", "joinCount": 1, "activeBranchesCount": 2"#
    var run = try Scenario(
      workflow(
        [
          process("a", ins: #"["n"]"#, outs: #"["x"]"#),
          process("b", ins: #"["m"]"#, outs: #"["y"]"#),
          process("j", ins: #"["x", "y"]"#, outs: "[]", join + #", "parlevel": 0"#),
        ],
        signals: numbers.dropLast() + #", {"name": "x"}, {"name": "y"}]"#))
    run.finish(run.attempt("b", 1))
    run.finish(run.attempt("a", 1))
    run.finish(run.attempt("a", 2))
    #expect(run.state.upstream(of: run.firing("j", 1)) == [run.firing("b", 1)])
    #expect(run.state.upstream(of: run.firing("j", 2)) == [run.firing("a", 2)])
  }

  @Test func `tasks that ran and tasks that wait are reported separately`() throws {
    var journaled = try JournaledRun(Mosaic.body(3))
    for tile in 0..<3 { try journaled.send("raw\(tile)") }
    try journaled.run("mProject:1")
    try journaled.run("mProject:2")
    try journaled.run("mDiffFit:1")
    try journaled.run("mDiffFit:2", .failed(.exit(1)))
    let done = journaled.state.downstream(of: [try journaled.firing("mProject:1")])
    #expect(journaled.labels(done.fired) == ["mDiffFit:1"])
    #expect(done.waiting.map(\.count) == [1, 1])
    #expect(
      done.waiting.map { journaled.state.graph.stages[$0.stage].name } == ["mConcatFit", "mAdd"])
    #expect(done.waitingCount == 2)
    let failed = journaled.state.downstream(of: [try journaled.firing("mDiffFit:2")])
    #expect(failed.fired.isEmpty)
    #expect(failed.waitingCount == 2)
    let early = journaled.state.downstream(of: [try journaled.firing("mProject:3")])
    #expect(early.waiting.map(\.count) == [1, 1, 1])
    #expect(journaled.state.downstream(of: [try journaled.firing("mAdd:1")]).isEmpty)
  }

  @Test func `an item of a pipeline leads only to its own items`() throws {
    var run = try Scenario(
      workflow(
        [
          process("a", ins: #"["n"]"#, outs: #"["x"]"#, #""parlevel": 0"#),
          process("b", ins: #"["x"]"#, outs: #"["y"]"#, #""parlevel": 0"#),
          process("c", ins: #"["y"]"#, outs: "[]", #""parlevel": 0"#),
        ],
        signals: #"[{"name": "n", "data": [1, 2, 3]}, {"name": "x"}, {"name": "y"}]"#))
    for number in [3, 1, 2] { run.finish(run.attempt("a", number)) }
    run.runAll()
    let after = run.state.downstream(of: [run.firing("a", 3)])
    #expect(after.fired == [run.firing("b", 1), run.firing("c", 1)])
    let both = run.state.downstream(of: [run.firing("a", 1), run.firing("b", 3)])
    #expect(both.fired == [run.firing("b", 2), run.firing("c", 2), run.firing("c", 3)])
    #expect(both.waiting.isEmpty)
  }

  @Test func `the search ends in cycles`() throws {
    var run = try Scenario(
      workflow(
        [
          process("ping", ins: #"["s", "back"]"#, outs: #"["there"]"#, #""firingLimit": 3"#),
          process("pong", ins: #"["there"]"#, outs: #"["back"]"#, #""firingLimit": 3"#),
        ],
        signals:
          #"[{"name": "s", "data": [1, 2, 3]}, {"name": "back", "data": [0]}, {"name": "there"}]"#
      ))
    run.finish(run.attempt("ping", 1))
    let after = run.state.downstream(of: [run.firing("ping", 1)])
    #expect(after.fired == [run.firing("pong", 1)])
    #expect(after.waiting.map(\.count) == [2, 2])
    run.runAll()
    #expect(run.state.downstream(of: [run.firing("ping", 1)]).fired.count == 5)
  }

  @Test func `every reader of a sticky value descends from its source`() throws {
    var run = try Scenario(
      workflow(
        [
          process("setup", ins: #"["s"]"#, outs: #"["x"]"#),
          process("use", ins: #"["x", "n"]"#, outs: "[]", #""parlevel": 0, "sticky": ["x"]"#),
        ],
        signals: #"[{"name": "s", "data": [1]}, {"name": "x"}, {"name": "n", "data": [1, 2]}]"#))
    run.finish(run.attempt("setup"))
    let after = run.state.downstream(of: [run.firing("setup")])
    #expect(after.fired == [run.firing("use", 1), run.firing("use", 2)])
  }

  @Test func `tasks that do not exist have no upstream or downstream tasks`() throws {
    let state = try JournaledRun(Mosaic.body(1)).state
    for strange in [FiringID(ProcessID(number: 99), 1), FiringID(ProcessID(number: 0), -3)] {
      #expect(state.downstream(of: [strange]).isEmpty)
      #expect(state.upstream(of: strange).isEmpty)
      #expect(state.explanation(of: strange).reasons.isEmpty)
      #expect(state.stageCounts(of: [strange]).isEmpty)
    }
  }
}
