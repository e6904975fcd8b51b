import Engine
import JobProtocol
import TestSupport
import Testing
import Workflow

/// "Why is it waiting?", for every process and task.
@Suite struct ExplanationTests {
  private func reasons(_ journaled: JournaledRun, _ label: String) throws -> [Explanation.Reason] {
    journaled.state.explanation(of: try journaled.firing(label)).reasons
  }

  private func missing(_ journaled: JournaledRun, _ label: String) throws -> MissingSignals {
    for case .signals(let missing) in try reasons(journaled, label) { return missing }
    throw MissesNothing(label: label)
  }

  private struct MissesNothing: Error { let label: String }

  // MARK: Signals

  @Test func `missing signals are listed with their producers by state`() throws {
    var journaled = try TaskFilterTests.midway()
    journaled.append(.workerJoined(JournaledRun.executor("w-1"), slots: 1))
    let missing = try missing(journaled, "mConcatFit:1")
    #expect((missing.have, missing.need) == (0, 4))
    #expect(missing.missingInputs.count == 4)
    #expect(missing.producers.count == 1)
    let producers = try #require(missing.producers.first)
    #expect(journaled.state.graph.stages[producers.stage].name == "mDiffFit")
    #expect(producers.counts[.queued] == 1)
    #expect(producers.counts[.waiting] == 3)
    #expect(missing.fromOutside.isEmpty && missing.exhausted.isEmpty && missing.enough == nil)
  }

  @Test func `failed upstream tasks are named at any distance`() throws {
    let journaled = try TaskFilterTests.midway()
    for label in ["mDiffFit:2", "mConcatFit:1", "mAdd:1"] {
      let explanation = journaled.state.explanation(of: try journaled.firing(label))
      let stuck = label == "mDiffFit:2" ? ["mProject:2"] : ["mProject:2", "mProject:3"]
      #expect(journaled.labels(explanation.stuck) == stuck, "\(label)")
    }
    #expect(journaled.state.explanation(of: try journaled.firing("mDiffFit:4")).stuck.isEmpty)
    #expect(journaled.state.explanation(of: try journaled.firing("mDiffFit:1")).stuck.isEmpty)
  }

  @Test func `a signal without a producer comes from outside`() throws {
    let journaled = try JournaledRun(Mosaic.body(2))
    let missing = try missing(journaled, "mProject:2")
    #expect(missing.fromOutside == [try journaled.signalID("raw1")])
    #expect(missing.producers.isEmpty)
  }

  @Test func `a producer that ended without sending is reported`() throws {
    var journaled = try JournaledRun(Mosaic.body(1))
    let silent = try journaled.fire("mProject:1")
    journaled.end(silent)
    #expect(try missing(journaled, "mDiffFit:1").exhausted == [try journaled.signalID("proj0")])
  }

  @Test func `a counted input needs as many instances as its count`() throws {
    var journaled = try JournaledRun(
      workflow(
        [process("p", ins: #"["n:5", "c"]"#, outs: "[]")],
        signals: #"[{"name": "n"}, {"name": "c"}]"#))
    try journaled.send("n", 2)
    let missing = try missing(journaled, "p:1")
    #expect(missing.missingInputs.map(\.have) == [2, 0])
    #expect((missing.have, missing.need) == (2, 6))
  }

  @Test func `foreach waits for one input at a time, a join for some`()
    throws
  {
    var journaled = try JournaledRun(
      workflow(
        [
          process("each", ins: #"["a", "b"]"#, outs: "[]", #""type": "foreach""#),
          process(
            "join", ins: #"["c", "d", "e"]"#, outs: "[]",
            #""type": "join", "joinCount": 2, "activeBranchesCount": 3"#),
        ],
        signals: #"[{"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "d"}, {"name": "e"}]"#))
    try journaled.send("b")
    #expect(
      try missing(journaled, "each:1").missingInputs.map(\.signal) == [try journaled.signalID("a")])
    try journaled.send("a")
    try journaled.run("each:1")
    try journaled.send("c")
    #expect(try missing(journaled, "join:1").enough == 2)
    #expect(try missing(journaled, "join:1").missingInputs.count == 2)
    try journaled.send("e")
    #expect(try reasons(journaled, "join:1") == [.ready])
  }

  @Test func `a settled run lists the inputs that its engine reports as missing`() throws {
    var journaled = try JournaledRun(
      workflow(
        [process("p", ins: #"["n", "m"]"#, outs: "[]", #""firingLimit": 1"#)],
        signals: #"[{"name": "n"}, {"name": "m"}]"#))
    try journaled.send("m")
    let process = try journaled.firing("p:1").process
    let input = BlockedProcess.MissingInput(signal: try journaled.signalID("n"), have: 3, need: 7)
    journaled.append(
      .runSettled(.blocked, blocked: [.init(process: process, missingInputs: [input])]))
    #expect(try missing(journaled, "p:1").missingInputs == [input])
    #expect(try missing(journaled, "p:1").need == 8)
  }

  // MARK: Limits

  @Test func `parlevel lists the running firings`() throws {
    var journaled = try JournaledRun(
      workflow(
        [process("p", ins: #"["n"]"#, outs: "[]", #""parlevel": 2"#)], signals: #"[{"name": "n"}]"#)
    )
    try journaled.send("n", 4)
    let one = try journaled.fire("p:1")
    #expect(try reasons(journaled, "p:2") == [.ready])
    let two = try journaled.fire("p:2")
    #expect(try reasons(journaled, "p:3") == [.parlevel(2, running: [one, two])])
    #expect(try reasons(journaled, "p:5").first == .earlierFirings(2))
    journaled.end(one, .failed(.exit(1)))
    #expect(try reasons(journaled, "p:3") == [.ready])
    journaled.append(.retryScheduled(AttemptID(one, 2), dueAt: 5))
    #expect(try reasons(journaled, "p:3") == [.ready])
    let process = journaled.state.explanation(of: one.process).reasons
    #expect(process == [.ready])
  }

  @Test func `a failed firing blocks a sequential process`() throws {
    var journaled = try JournaledRun(
      workflow(
        [process("p", ins: #"["n", "m"]"#, outs: "[]", #""type": "foreach""#)],
        signals: #"[{"name": "n"}, {"name": "m"}]"#))
    try journaled.send("n")
    try journaled.send("m")
    let one = try journaled.fire("p:1", consumed: [try journaled.signalID("m"): 0])
    #expect(try reasons(journaled, "p:2") == [.parlevel(1, running: [one])])
    journaled.end(one, .failed(.exit(1)))
    #expect(try reasons(journaled, "p:2") == [.sequence(one)])
    #expect(journaled.state.explanation(of: try journaled.firing("p:2")).stuck == [one])
    journaled.append(.retryScheduled(AttemptID(one, 2), dueAt: 5))
    #expect(try reasons(journaled, "p:2") == [.sequence(one)])
    #expect(journaled.state.explanation(of: try journaled.firing("p:2")).stuck.isEmpty)
  }

  @Test func `a process that reached its firing limit says so`() throws {
    var journaled = try JournaledRun(
      workflow(
        [
          process("p", ins: "[]", outs: "[]", #""firingLimit": 2"#),
          process("q", ins: #"["d", "n"]"#, outs: "[]"),
          process("r", ins: "[]", outs: "[]", #""firingInterval": 500, "firingLimit": 9"#),
        ], signals: #"[{"name": "d", "control": "done"}, {"name": "n"}]"#))
    try journaled.run("p:1")
    try journaled.run("p:2")
    #expect(
      journaled.state.explanation(of: try journaled.firing("p:1").process).reasons
        == [.firingLimit(2)])
    try journaled.send("d")
    #expect(try reasons(journaled, "q:1") == [.finished])
    #expect(try reasons(journaled, "r:1") == [.ready])
    try journaled.run("r:1")
    #expect(try reasons(journaled, "r:2") == [.interval(milliseconds: 500)])
  }

  // MARK: People

  @Test func `holds and pauses are listed with missing inputs`() throws {
    var journaled = try JournaledRun(Mosaic.body(1))
    let task = try journaled.firing("mProject:1")
    journaled.append(.processHeld(task.process), .taskHeld(task), .paused)
    let all = try reasons(journaled, "mProject:1")
    #expect(all.count == 4)
    #expect(all.suffix(3) == [.processHeld, .taskHeld, .paused])
    try journaled.send("raw0")
    #expect(try reasons(journaled, "mProject:1") == [.processHeld, .taskHeld, .paused])
    journaled.append(.processReleased(task.process), .continued)
    journaled.append(.taskFired(task, consumed: [:]))
    #expect(journaled.state.state(of: task) == .held)
    #expect(try reasons(journaled, "mProject:1") == [.taskHeld])
    journaled.append(.taskReleased(task), .paused)
    #expect(try reasons(journaled, "mProject:1") == [.paused])
    journaled.append(.continued)
    #expect(try reasons(journaled, "mProject:1") == [.starting])
    journaled.append(.processHeld(task.process))
    #expect(try reasons(journaled, "mProject:1") == [.processHeld])
  }

  @Test func `a job waits for a worker, then for a slot, then for its start`() throws {
    var journaled = try JournaledRun(Mosaic.body(3))
    let worker = JournaledRun.executor("w-1")
    let tasks = try (1...3).map { try journaled.fire("mProject:\($0)") }
    #expect(try reasons(journaled, "mProject:1") == [.noWorker])
    journaled.append(.workerJoined(worker, slots: 1))
    #expect(try reasons(journaled, "mProject:1") == [.starting])
    journaled.take(tasks[0])
    #expect(try reasons(journaled, "mProject:1") == [.starting])
    #expect(try reasons(journaled, "mProject:2") == [.slots(total: 1, queue: 2)])
    journaled.append(.workerGone(name: "w-1", reason: "gone"))
    #expect(try reasons(journaled, "mProject:2") == [.noWorker])
    journaled.start(tasks[0])
    #expect(try reasons(journaled, "mProject:1").isEmpty)
    journaled.end(tasks[0], .failed(.exit(1)))
    #expect(try reasons(journaled, "mProject:1") == [.failed])
    journaled.append(.retryScheduled(AttemptID(tasks[0], 2), dueAt: 77))
    #expect(try reasons(journaled, "mProject:1") == [.retryDue(at: 77)])
    journaled.append(.runFinished(.cancelled))
    #expect(try reasons(journaled, "mProject:2") == [.ended(.cancelled)])
    #expect(try reasons(journaled, "mDiffFit:1").first == .ended(.cancelled))
  }

  @Test func `an invoker without workers has a queue`() throws {
    var journaled = try JournaledRun(Mosaic.body(2))
    let info = RunInfo(run: "r", name: "w", directory: "/", invoker: "oneshot")
    journaled.append(.runStarted(info))
    try journaled.fire("mProject:1")
    try journaled.fire("mProject:2")
    #expect(try reasons(journaled, "mProject:1") == [.queue(invoker: "oneshot", count: 2)])
  }

  @Test func `a reset task waits for its upstream tasks`() throws {
    var journaled = try JournaledRun(Mosaic.body(1))
    try journaled.send("raw0")
    try journaled.run("mProject:1")
    try journaled.run("mDiffFit:1")
    let (first, second) = (try journaled.firing("mProject:1"), try journaled.firing("mDiffFit:1"))
    journaled.append(.attemptMade(AttemptID(first, 2), .userDownstream, nil), .taskReset(second))
    #expect(journaled.state.state(of: second) == .waiting)
    #expect(try reasons(journaled, "mDiffFit:1") == [.upstream([first])])
    journaled.append(.paused)
    #expect(try reasons(journaled, "mDiffFit:1") == [.upstream([first]), .paused])
    journaled.end(first, .failed(.exit(1)))
    let explanation = journaled.state.explanation(of: second)
    #expect(explanation.stuck == [first])
  }

  @Test(arguments: 0..<100)
  func `every task that cannot continue has a reason`(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    var run = try Scenario(RandomWorkflow(&random).text)
    for _ in 0..<200 where !run.work.isEmpty {
      let work = run.takeWork(at: random.below(run.work.count))
      let firing = work.attempt.firing
      let outputs = Behaviour.outputs(of: run.machine.workflow[firing.process], firing.number)
      if random.chance(5) {
        run.finish(work.attempt, .failed(.exit(1)))
      } else {
        run.finish(work.attempt, outputs: outputs)
      }
    }
    for process in run.state.processes {
      for number in 1...process.tasks.count + 1 {
        let firing = FiringID(process.id, number)
        let state = run.state.state(of: firing)
        let isBusy = state == .running || state.isDone
        #expect(
          run.state.explanation(of: firing).reasons.isEmpty == isBusy, "seed \(seed) \(firing)")
      }
    }
  }
}
