import Engine
import JobProtocol
import TestSupport
import Testing
import Workflow

/// "Why is it waiting?", for every process and task.
@Suite struct ExplanationTests {
  private func reasons(_ telling: Telling, _ label: String) throws -> [Explanation.Reason] {
    telling.state.explanation(of: try telling.firing(label)).reasons
  }

  private func missing(_ telling: Telling, _ label: String) throws -> MissingSignals {
    for case .signals(let missing) in try reasons(telling, label) { return missing }
    throw MissesNothing(label: label)
  }

  private struct MissesNothing: Error { let label: String }

  // MARK: Signals

  @Test func `missing signals are listed with their producers by state`() throws {
    var telling = try TaskFilterTests.midway()
    telling.tell(.workerJoined(Telling.executor("w-1"), slots: 1))
    let missing = try missing(telling, "mConcatFit:1")
    #expect((missing.have, missing.need) == (0, 4))
    #expect(missing.lacks.count == 4)
    #expect(missing.producers.count == 1)
    let producers = try #require(missing.producers.first)
    #expect(telling.state.graph.stages[producers.stage].name == "mDiffFit")
    #expect(producers.counts[.queued] == 1)
    #expect(producers.counts[.waiting] == 3)
    #expect(missing.fromOutside.isEmpty && missing.exhausted.isEmpty && missing.enough == nil)
  }

  @Test func `failed upstream tasks are named at any distance`() throws {
    let telling = try TaskFilterTests.midway()
    for label in ["mDiffFit:2", "mConcatFit:1", "mAdd:1"] {
      let explanation = telling.state.explanation(of: try telling.firing(label))
      let stuck = label == "mDiffFit:2" ? ["mProject:2"] : ["mProject:2", "mProject:3"]
      #expect(telling.labels(explanation.stuck) == stuck, "\(label)")
    }
    #expect(telling.state.explanation(of: try telling.firing("mDiffFit:4")).stuck.isEmpty)
    #expect(telling.state.explanation(of: try telling.firing("mDiffFit:1")).stuck.isEmpty)
  }

  @Test func `a signal without a producer comes from outside`() throws {
    let telling = try Telling(Mosaic.body(2))
    let missing = try missing(telling, "mProject:2")
    #expect(missing.fromOutside == [try telling.signalID("raw1")])
    #expect(missing.producers.isEmpty)
  }

  @Test func `a producer that ended without sending is reported`() throws {
    var telling = try Telling(Mosaic.body(1))
    let silent = try telling.fire("mProject:1")
    telling.end(silent)
    #expect(try missing(telling, "mDiffFit:1").exhausted == [try telling.signalID("proj0")])
  }

  @Test func `a counted input needs as many instances as its count`() throws {
    var telling = try Telling(
      workflow(
        [process("p", ins: #"["n:5", "c"]"#, outs: "[]")],
        signals: #"[{"name": "n"}, {"name": "c"}]"#))
    try telling.send("n", 2)
    let missing = try missing(telling, "p:1")
    #expect(missing.lacks.map(\.have) == [2, 0])
    #expect((missing.have, missing.need) == (2, 6))
  }

  @Test func `foreach waits for one input at a time, a join for some`()
    throws
  {
    var telling = try Telling(
      workflow(
        [
          process("each", ins: #"["a", "b"]"#, outs: "[]", #""type": "foreach""#),
          process(
            "join", ins: #"["c", "d", "e"]"#, outs: "[]",
            #""type": "join", "joinCount": 2, "activeBranchesCount": 3"#),
        ],
        signals: #"[{"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "d"}, {"name": "e"}]"#))
    try telling.send("b")
    #expect(try missing(telling, "each:1").lacks.map(\.signal) == [try telling.signalID("a")])
    try telling.send("a")
    try telling.run("each:1")
    try telling.send("c")
    #expect(try missing(telling, "join:1").enough == 2)
    #expect(try missing(telling, "join:1").lacks.count == 2)
    try telling.send("e")
    #expect(try reasons(telling, "join:1") == [.ready])
  }

  @Test func `a settled run lists the inputs that its engine reports as missing`() throws {
    var telling = try Telling(
      workflow(
        [process("p", ins: #"["n", "m"]"#, outs: "[]", #""firingLimit": 1"#)],
        signals: #"[{"name": "n"}, {"name": "m"}]"#))
    try telling.send("m")
    let process = try telling.firing("p:1").process
    let lack = BlockedProcess.Lack(signal: try telling.signalID("n"), have: 3, need: 7)
    telling.tell(.runSettled(.blocked, blocked: [.init(process: process, lacks: [lack])]))
    #expect(try missing(telling, "p:1").lacks == [lack])
    #expect(try missing(telling, "p:1").need == 8)
  }

  // MARK: Limits

  @Test func `parlevel lists the running firings`() throws {
    var telling = try Telling(
      workflow(
        [process("p", ins: #"["n"]"#, outs: "[]", #""parlevel": 2"#)], signals: #"[{"name": "n"}]"#)
    )
    try telling.send("n", 4)
    let one = try telling.fire("p:1")
    #expect(try reasons(telling, "p:2") == [.ready])
    let two = try telling.fire("p:2")
    #expect(try reasons(telling, "p:3") == [.parlevel(2, running: [one, two])])
    #expect(try reasons(telling, "p:5").first == .earlierFirings(2))
    telling.end(one, .failed(.exit(1)))
    #expect(try reasons(telling, "p:3") == [.ready])
    telling.tell(.retryScheduled(AttemptID(one, 2), dueAt: 5))
    #expect(try reasons(telling, "p:3") == [.ready])
    let process = telling.state.explanation(of: one.process).reasons
    #expect(process == [.ready])
  }

  @Test func `a failed firing blocks a sequential process`() throws {
    var telling = try Telling(
      workflow(
        [process("p", ins: #"["n", "m"]"#, outs: "[]", #""type": "foreach""#)],
        signals: #"[{"name": "n"}, {"name": "m"}]"#))
    try telling.send("n")
    try telling.send("m")
    let one = try telling.fire("p:1", consumed: [try telling.signalID("m"): 0])
    #expect(try reasons(telling, "p:2") == [.parlevel(1, running: [one])])
    telling.end(one, .failed(.exit(1)))
    #expect(try reasons(telling, "p:2") == [.sequence(one)])
    #expect(telling.state.explanation(of: try telling.firing("p:2")).stuck == [one])
    telling.tell(.retryScheduled(AttemptID(one, 2), dueAt: 5))
    #expect(try reasons(telling, "p:2") == [.sequence(one)])
    #expect(telling.state.explanation(of: try telling.firing("p:2")).stuck.isEmpty)
  }

  @Test func `a process that reached its firing limit says so`() throws {
    var telling = try Telling(
      workflow(
        [
          process("p", ins: "[]", outs: "[]", #""firingLimit": 2"#),
          process("q", ins: #"["d", "n"]"#, outs: "[]"),
          process("r", ins: "[]", outs: "[]", #""firingInterval": 500, "firingLimit": 9"#),
        ], signals: #"[{"name": "d", "control": "done"}, {"name": "n"}]"#))
    try telling.run("p:1")
    try telling.run("p:2")
    #expect(
      telling.state.explanation(of: try telling.firing("p:1").process).reasons
        == [.firingLimit(2)])
    try telling.send("d")
    #expect(try reasons(telling, "q:1") == [.finished])
    #expect(try reasons(telling, "r:1") == [.ready])
    try telling.run("r:1")
    #expect(try reasons(telling, "r:2") == [.interval(milliseconds: 500)])
  }

  // MARK: People

  @Test func `holds and pauses are listed with missing inputs`() throws {
    var telling = try Telling(Mosaic.body(1))
    let task = try telling.firing("mProject:1")
    telling.tell(.processHeld(task.process), .taskHeld(task), .paused)
    let all = try reasons(telling, "mProject:1")
    #expect(all.count == 4)
    #expect(all.suffix(3) == [.processHeld, .taskHeld, .paused])
    try telling.send("raw0")
    #expect(try reasons(telling, "mProject:1") == [.processHeld, .taskHeld, .paused])
    telling.tell(.processReleased(task.process), .continued)
    telling.tell(.taskFired(task, consumed: [:]))
    #expect(telling.state.state(of: task) == .held)
    #expect(try reasons(telling, "mProject:1") == [.taskHeld])
    telling.tell(.taskReleased(task), .paused)
    #expect(try reasons(telling, "mProject:1") == [.paused])
    telling.tell(.continued)
    #expect(try reasons(telling, "mProject:1") == [.starting])
    telling.tell(.processHeld(task.process))
    #expect(try reasons(telling, "mProject:1") == [.processHeld])
  }

  @Test func `a job waits for a worker, then for a slot, then for its start`() throws {
    var telling = try Telling(Mosaic.body(3))
    let worker = Telling.executor("w-1")
    let tasks = try (1...3).map { try telling.fire("mProject:\($0)") }
    #expect(try reasons(telling, "mProject:1") == [.noWorker])
    telling.tell(.workerJoined(worker, slots: 1))
    #expect(try reasons(telling, "mProject:1") == [.starting])
    telling.take(tasks[0])
    #expect(try reasons(telling, "mProject:1") == [.starting])
    #expect(try reasons(telling, "mProject:2") == [.slots(total: 1, queue: 2)])
    telling.tell(.workerGone(name: "w-1", reason: "gone"))
    #expect(try reasons(telling, "mProject:2") == [.noWorker])
    telling.start(tasks[0])
    #expect(try reasons(telling, "mProject:1").isEmpty)
    telling.end(tasks[0], .failed(.exit(1)))
    #expect(try reasons(telling, "mProject:1") == [.failed])
    telling.tell(.retryScheduled(AttemptID(tasks[0], 2), dueAt: 77))
    #expect(try reasons(telling, "mProject:1") == [.retryDue(at: 77)])
    telling.tell(.runFinished(.cancelled))
    #expect(try reasons(telling, "mProject:2") == [.ended(.cancelled)])
    #expect(try reasons(telling, "mDiffFit:1").first == .ended(.cancelled))
  }

  @Test func `an invoker without workers has a queue`() throws {
    var telling = try Telling(Mosaic.body(2))
    let info = RunInfo(run: "r", name: "w", directory: "/", invoker: "oneshot")
    telling.tell(.runStarted(info))
    try telling.fire("mProject:1")
    try telling.fire("mProject:2")
    #expect(try reasons(telling, "mProject:1") == [.queue(invoker: "oneshot", count: 2)])
  }

  @Test func `a reset task waits for its upstream tasks`() throws {
    var telling = try Telling(Mosaic.body(1))
    try telling.send("raw0")
    try telling.run("mProject:1")
    try telling.run("mDiffFit:1")
    let (first, second) = (try telling.firing("mProject:1"), try telling.firing("mDiffFit:1"))
    telling.tell(.attemptMade(AttemptID(first, 2), .userDownstream, nil), .taskReset(second))
    #expect(telling.state.state(of: second) == .waiting)
    #expect(try reasons(telling, "mDiffFit:1") == [.upstream([first])])
    telling.tell(.paused)
    #expect(try reasons(telling, "mDiffFit:1") == [.upstream([first]), .paused])
    telling.end(first, .failed(.exit(1)))
    let explanation = telling.state.explanation(of: second)
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
