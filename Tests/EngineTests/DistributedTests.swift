import JobProtocol
import TestSupport
import Testing
import Workflow

@testable import Engine

/// Engines, workers and the lease in one simulated world with a clock of its own: engines crash
/// before and after their commits, a second engine starts while the first one only sleeps, workers
/// die and lose their connections, reports arrive late, twice and out of order. Every failure names
/// the seed.
@Suite struct DistributedTests {
  @Test(arguments: 0..<40)
  func `whatever dies, finished jobs never run again and no job is forgotten`(block: Int) throws {
    for seed in (block * 50)..<(block * 50 + 50) {
      var world = try DistributedWorld(seed: UInt64(seed))
      try world.run()
    }
  }
}

private struct DistributedWorld {
  private let seed: UInt64
  private let workflow: Workflow
  private var random: SeededRandom
  private var store = SimulatedStore()
  private var engines: [SimulatedEngine] = []
  private var workers: [SimulatedWorker] = []
  private var nextToken = 1
  private var begun: [AttemptID: Int] = [:]
  /// Attempts that succeeded, whether or not the engine knows.
  private var completed: Set<AttemptID> = []
  private var isCalm = false

  init(seed: UInt64) throws {
    self.seed = seed
    random = SeededRandom(seed: seed)
    let text = EngineTests.workflow(
      [
        process("a", ins: #"["n"]"#, outs: #"["x"]"#, #""parlevel": 0"#),
        process("b", ins: #"["x"]"#, outs: #"["y"]"#, #""parlevel": 3"#),
        process("c", ins: #"["y:4"]"#, outs: "[]", #""firingLimit": 2"#),
      ],
      signals: #"[{"name": "n", "data": [1,2,3,4,5,6,7,8]}, {"name": "x"}, {"name": "y"}]"#)
    workflow = try #require(Workflow.read(Array("{\(text)}".utf8), variables: [:]).workflow)
    startEngine()
    for id in 0..<2 { workers.append(SimulatedWorker(id: id)) }
  }

  mutating func run() throws {
    for _ in 0..<(50 + random.below(250)) { step() }
    isCalm = true
    var steps = 0
    while !isOver, steps < 20_000 {
      steps += 1
      step()
    }
    #expect(isOver, "seed \(seed): no end")
    guard isOver else { return }
    try check()
  }

  private var isOver: Bool {
    engines.contains {
      $0.machine.isSettled && $0.inputs.isEmpty && $0.machine.status == .succeeded
    }
      && workers.allSatisfy { !$0.isAlive || $0.unsent.isEmpty }
  }

  private mutating func step() {
    store.now += random.below(400)
    switch random.below(isCalm ? 6 : 12) {
    case 0, 1: if let index = anyEngine { turn(of: index) }
    case 2: if engines.isEmpty { startEngine() } else { noticeDeadWorkers() }
    case 3, 4, 5: if let index = anyWorker { work(index) }
    case 6: if random.chance(3), let index = anyEngine { engines.remove(at: index) }
    case 7: if random.chance(2) { startEngine() }
    case 8: if random.chance(4), let index = anyWorker { workers[index].isAlive = false }
    case 9: if let index = anyWorker { workers[index].isCutOff.toggle() }
    case 10: store.now += random.below(20_000)
    default: repeatReport()
    }
    if isCalm { for index in workers.indices { workers[index].isCutOff = false } }
    if workers.filter(\.isAlive).isEmpty { workers.append(SimulatedWorker(id: workers.count)) }
  }

  private var anyEngine: Int? {
    mutating get { engines.isEmpty ? nil : random.below(engines.count) }
  }

  private var anyWorker: Int? { mutating get { chosenWorker() } }

  private mutating func chosenWorker() -> Int? {
    let alive = workers.indices.filter { workers[$0].isAlive }
    return alive.isEmpty ? nil : alive[random.below(alive.count)]
  }

  // MARK: Engines

  /// Takes the lease if it is free, replays the journal, and finds out what happened to the jobs.
  private mutating func startEngine() {
    let token = nextToken
    nextToken += 1
    guard store.takeLease(token) else { return }
    var replay = RunReplay(
      RunMachine(workflow: workflow, isJob: workflow.processes.map { _ in true }))
    for event in store.journal {
      do {
        try replay.apply(event)
      } catch {
        Issue.record("seed \(seed): the journal has two writers: \(error)")
        return
      }
    }
    var engine = SimulatedEngine(
      token: token, machine: replay.machine, commitNumber: store.commitNumber)
    if store.journal.isEmpty {
      engine.inputs = [.start(RunInfo(run: "r", name: "w", directory: "/", invoker: "pool"))]
    }
    engine.inputs.append(.engineStarted(EngineInfo(host: "h", pid: token, takeOvers: token - 1)))
    for attempt in replay.machine.outstanding.attempts {
      let id = attempt.work.attempt
      guard !store.queue.contains(id) else { continue }
      let holder = store.taken.first { $0.value.contains(id) }?.key
      if holder == nil || !workers[holder ?? 0].isAlive { engine.suspects.insert(id) }
    }
    engines.append(engine)
  }

  private mutating func turn(of index: Int) {
    var engine = engines[index]
    let new = store.reports.filter { $0.number > engine.readTo }
    engine.readTo = new.last?.number ?? engine.readTo
    var inputs = new.map(\.report) + engine.inputs
    // A job whose report exists, read or not, is not lost.
    for suspect in engine.suspects.sorted(by: { "\($0)" < "\($1)" })
    where !store.hasReport(of: suspect) {
      inputs.append(.finished(suspect, .failed(.lost("gone")), JobUsage(), outputs: nil))
    }
    engine.suspects = []
    engine.inputs = []
    var events: [RunEvent] = []
    var jobs: [AttemptID] = []
    for input in inputs {
      let turn = engine.machine.handle(input, at: store.now)
      events += turn.events
      for case .execute(let work) in turn.commands { jobs.append(work.attempt) }
    }
    for retry in engine.machine.outstanding.retries {
      engine.inputs.append(.retryDue(retry.attempt))
    }
    if isCalm, engine.machine.isSettled {
      // Lost too often: a user retries it.
      engine.inputs += engine.machine.failedFirings.map { .retry($0, nil, .alone) }
    }
    if !isCalm, random.chance(12) {
      engines.remove(at: index)
      return
    }
    let lost = events.compactMap { event -> AttemptID? in
      if case .jobFinished(let attempt, .failed(.lost), _, _) = event.change {
        attempt
      } else {
        nil
      }
    }
    engine.commitNumber += 1
    let isWritten = store.commit(
      events, pushing: jobs, cleaning: lost, trimmingTo: engine.readTo, token: engine.token,
      number: engine.commitNumber)
    if isWritten { engines[index] = engine } else { engines.remove(at: index) }
  }

  /// The jobs of a worker that is gone, or seems so from another host, are lost.
  private mutating func noticeDeadWorkers() {
    guard let index = anyEngine else { return }
    for worker in workers where !worker.isAlive || (worker.isCutOff && random.chance(3)) {
      engines[index].suspects.formUnion(store.taken[worker.id] ?? [])
    }
  }

  // MARK: Workers

  private mutating func work(_ index: Int) {
    if !workers[index].isCutOff { reconnect(index) }
    if random.chance(2), !workers[index].running.isEmpty { return finishOne(index) }
    guard !workers[index].isCutOff, workers[index].running.count < 2, !store.queue.isEmpty else {
      return
    }
    let attempt = store.queue.removeFirst()
    store.taken[workers[index].id, default: []].append(attempt)
    if !isCalm, random.chance(15) {
      // The worker dies between taking and starting the job.
      workers[index].isAlive = false
      return
    }
    begin(attempt, index)
  }

  private mutating func begin(_ attempt: AttemptID, _ index: Int) {
    begun[attempt, default: 0] += 1
    let isDone = completed.contains { $0.firing == attempt.firing && isJournalled($0) }
    #expect(!isDone, "seed \(seed): \(attempt) began although its task was done")
    workers[index].running.append(attempt)
    let executor = ExecutorIdentity(name: "w\(workers[index].id)", host: "h", pid: 1)
    store.report(.jobTaken(attempt, executor))
    store.report(.jobStarted(attempt, executor, pid: 7))
  }

  private mutating func finishOne(_ index: Int) {
    let attempt = workers[index].running.remove(at: random.below(workers[index].running.count))
    completed.insert(attempt)
    workers[index].unsent.append(.finished(attempt, .succeeded, JobUsage(), outputs: nil))
    workers[index].unreleased.append(attempt)
    if !workers[index].isCutOff { reconnect(index) }
  }

  /// Jobs that were given up meanwhile are killed. Jobs that have ended are reported and leave the
  /// list at once.
  private mutating func reconnect(_ index: Int) {
    workers[index].running.removeAll { store.cancelled.contains($0) }
    let reports = random.chance(4) ? workers[index].unsent.reversed() : workers[index].unsent
    for report in reports { store.report(report) }
    let released = workers[index].unreleased
    store.taken[workers[index].id]?.removeAll { released.contains($0) }
    workers[index].unsent = []
    workers[index].unreleased = []
  }

  /// An answer was lost, and the executor repeats the report.
  private mutating func repeatReport() {
    guard !store.reports.isEmpty else { return }
    store.report(store.reports[random.below(store.reports.count)].report)
  }

  // MARK: Looking at it

  private func isJournalled(_ attempt: AttemptID) -> Bool {
    store.journal.contains { event in
      if case .jobFinished(attempt, .succeeded, _, _) = event.change { true } else { false }
    }
  }

  private func check() throws {
    #expect(begun.values.allSatisfy { $0 == 1 }, "seed \(seed): an attempt began twice")
    var state = RunState(workflow: workflow)
    var replay = RunReplay(
      RunMachine(workflow: workflow, isJob: workflow.processes.map { _ in true }))
    for event in store.journal {
      state.apply(event)
      try replay.apply(event)
    }
    #expect(replay.machine.status == .succeeded, "seed \(seed)")
    #expect(state.counts[.succeeded] == 18, "seed \(seed): \(state.counts)")
    #expect(state.counts.total == 18, "seed \(seed)")
    for process in state.processes {
      for task in process.tasks {
        let earlier = task.attempts.dropLast().map(\.outcome)
        let allLost = earlier.allSatisfy {
          if case .failed(.lost) = $0 { true } else { false }
        }
        #expect(allLost, "seed \(seed): \(task.id) ran again: \(earlier)")
      }
    }
  }
}
