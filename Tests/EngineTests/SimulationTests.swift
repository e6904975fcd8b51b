import Engine
import JSONValue
import JobProtocol
import TestSupport
import Testing
import Workflow

/// Whole runs with executors that reorder, delay, repeat and lose their reports and crash, and a
/// user who retries, skips and cancels at random. Every failure names the seed.
@Suite struct SimulationTests {
  @Test(arguments: 0..<300)
  func `after random actions of executors and users the run is consistent`(seed: Int) throws {
    var simulation = try Simulation(seed: UInt64(seed))
    try simulation.run()
  }

  @Test(arguments: [3, 77])
  func `the same seed gives the same events`(seed: Int) throws {
    var first = try Simulation(seed: UInt64(seed))
    var second = try Simulation(seed: UInt64(seed))
    try first.run()
    try second.run()
    #expect(first.scenario.events == second.scenario.events)
  }
}

private struct Simulation {
  var scenario: Scenario
  private let seed: UInt64
  private var random: SeededRandom
  /// Reports on their way, in any order.
  private var underWay: [EngineInput] = []
  private var succeeded: Set<FiringID> = []
  private var executed: [AttemptID: Int] = [:]

  init(seed: UInt64) throws {
    self.seed = seed
    random = SeededRandom(seed: seed)
    var options = RunMachine.Options()
    options.firingsAtOnce = [1, 2, 1000][Int(seed % 3)]
    scenario = try Scenario(Self.randomWorkflow(&random), options: options)
    // Other inputs arrive between the firings.
    scenario.proceedsAtOnce = false
  }

  mutating func run() throws {
    var steps = 0
    repeat {
      steps += 1
      #expect(steps < 20_000, "seed \(seed): no end")
      if steps >= 20_000 { return }
      if scenario.machine.mayProceed, random.chance(50) { scenario.feed(.proceed) }
      takeNewWork()
      if random.chance(8) { interfere() }
      if !underWay.isEmpty {
        deliverOne()
      } else if scenario.work.isEmpty {
        letGo()
      }
      check()
    } while !underWay.isEmpty || !scenario.work.isEmpty || !scenario.machine.isSettled
    scenario.proceedsAtOnce = true
    mendEverything()
    checkEnd()
    try checkReplay()
  }

  /// Layers of processes whose inputs come from earlier layers; some have counts and limits.
  private static func randomWorkflow(_ random: inout SeededRandom) -> String {
    let count = 2 + random.below(10)
    let processes = (0..<count).map { index -> String in
      let inputs =
        index == 0 ? ["start"] : (0...random.below(2)).map { _ in "s\(random.below(index))" }
      let parlevel = random.below(4)
      return process(
        "p\(index % 4)", ins: JSON.array(Set(inputs).sorted().map(JSON.string)).text,
        outs: #"["s\#(index)"]"#,
        "\"parlevel\": \(parlevel)" + (random.chance(3) ? #", "ordering": true"# : ""))
    }
    let names = (0..<count).map { #"{"name": "s\#($0)"}"# }
    let initial = (0...random.below(5)).map { "\($0)" }.joined(separator: ", ")
    return workflow(
      processes,
      signals: "[{\"name\": \"start\", \"data\": [\(initial)]}, \(names.joined(separator: ", "))]")
  }

  /// An executor takes a job: the job ends, or the executor vanishes; reports may be repeated.
  private mutating func takeNewWork() {
    while let work = scenario.work.first {
      _ = try? scenario.nextWork()
      executed[work.attempt, default: 0] += 1
      let executor = ExecutorIdentity(name: "e\(random.below(3))", host: "h", pid: 1)
      var reports: [EngineInput] = [
        .jobTaken(work.attempt, executor), .jobStarted(work.attempt, executor, pid: 7),
      ]
      let outcome: JobOutcome =
        switch random.below(10) {
        case 0: .failed(.exit(1))
        case 1: .failed(.lost("vanished"))
        case 2: .failed(.signal(11))
        default: .succeeded
        }
      reports.append(.finished(work.attempt, outcome, JobUsage(), outputs: nil))
      if random.chance(5), let last = reports.last { reports.append(last) }
      underWay += reports
    }
  }

  private mutating func deliverOne() {
    let report = underWay.remove(at: random.below(underWay.count))
    if case .finished(let attempt, .succeeded, _, _) = report,
      scenario.state.task(attempt.firing)?.state.isOver == false,
      scenario.state.task(attempt.firing)?.lastAttempt?.number == attempt.number
    {
      succeeded.insert(attempt.firing)
    }
    scenario.feed(report)
  }

  /// A user acts on a random task.
  private mutating func interfere() {
    let process = scenario.state.processes[random.below(scenario.state.processes.count)]
    guard !process.tasks.isEmpty else { return }
    let firing = FiringID(process.id, 1 + random.below(process.tasks.count))
    switch random.below(9) {
    case 0: retry(firing, .alone)
    case 1: scenario.feed(.skip(firing))
    case 2: command(.cancel(firing))
    case 3: retry(firing, .downstream)
    case 4: command(.hold(FiringID(process.id, firing.number + random.below(3))))
    case 5: scenario.feed(.holdProcess(process.id))
    case 6: scenario.feed(random.chance(2) ? .pause : .continue)
    case 7: letGo()
    default: scenario.retryAllFailed()
    }
  }

  /// A success that is undone on purpose no longer counts.
  private mutating func retry(_ firing: FiringID, _ scope: RetryScope) {
    command(.retry(firing, nil, scope))
    for process in scenario.state.processes {
      for task in process.tasks where !task.state.isDone { succeeded.remove(task.id) }
    }
  }

  /// Ends all holds, pauses and delays.
  private mutating func letGo() {
    let state = scenario.state
    for process in state.heldProcesses.sorted() { scenario.feed(.releaseProcess(process)) }
    for firing in state.heldTasks.sorted() { scenario.feed(.release(firing)) }
    scenario.feed(.continue)
    for retry in scenario.machine.outstanding.retries {
      scenario.feed(.retryDue(retry.attempt), after: 1000)
    }
  }

  /// Executors obey: a cancelled job is reported, although its real report may arrive as well. A
  /// job to withdraw has already been taken.
  private mutating func command(_ input: EngineInput) {
    let before = scenario.commands.count
    scenario.feed(input)
    let cancelled = scenario.commands[before...].compactMap { command in
      if case .cancel(let attempt) = command { attempt } else { nil }
    }
    if random.chance(2) {
      underWay.append(.cancelled(AttemptList(cancelled)))
    } else {
      underWay += cancelled.map { .finished($0, .failed(.cancelled), JobUsage(), outputs: nil) }
    }
    for case .withdraw(let attempt) in scenario.commands[before...] {
      underWay.append(.release(attempt.firing))
    }
  }

  private func check() {
    let state = scenario.state
    for taskState in TaskState.allCases {
      let counted = state.processes.flatMap(\.tasks).count { $0.state == taskState }
      let waiting = taskState == .waiting ? state.processes.map(\.waiting).reduce(0, +) : 0
      #expect(state.counts[taskState] == counted + waiting, "seed \(seed): \(taskState)")
      let staged = state.stages.map { $0.counts[taskState] }.reduce(0, +)
      #expect(state.counts[taskState] == staged, "seed \(seed): stages, \(taskState)")
    }
    let handedOver = Dictionary(
      grouping: scenario.machine.outstanding.attempts, by: \.work.attempt.firing.process)
    for (process, attempts) in handedOver {
      let parlevel = state.workflow[process].parlevel
      #expect(parlevel == 0 || attempts.count <= parlevel, "seed \(seed): parlevel")
    }
  }

  /// Retries until everything has succeeded: nothing may be stuck.
  private mutating func mendEverything() {
    var rounds = 0
    while rounds == 0 || scenario.settled?.status != .succeeded, rounds < 100 {
      rounds += 1
      letGo()
      scenario.retryAllFailed()
      while let work = scenario.work.first {
        _ = try? scenario.nextWork()
        executed[work.attempt, default: 0] += 1
        scenario.finish(work.attempt)
      }
    }
  }

  private func checkEnd() {
    let state = scenario.state
    #expect(scenario.settled?.status == .succeeded, "seed \(seed)")
    #expect(state.counts.done == state.counts.total, "seed \(seed)")
    #expect(executed.values.allSatisfy { $0 == 1 }, "seed \(seed): an attempt was executed twice")
    for firing in succeeded {
      #expect(state.task(firing)?.state.isDone == true, "seed \(seed): \(firing) was done")
    }
    #expect(folded() == scenario.events.count, "seed \(seed)")
    checkTokens()
  }

  /// A run that is taken over at any moment continues as if nothing had happened.
  private mutating func checkReplay() throws {
    for _ in 0..<3 { try ReplayTests.checkAll(scenario, from: random.below(scenario.turns.count)) }
  }

  /// Each instance of a signal was either consumed by a firing or is still queued.
  private func checkTokens() {
    let state = scenario.state
    for process in state.processes {
      for (port, input) in state.workflow[process.id].inputs.enumerated() {
        let sent = scenario.events.reduce(0) { sum, event in
          guard case .signalSent(input.signal, let value, _) = event.change else { return sum }
          return sum + value.instanceCount
        }
        #expect(sent == process.tasks.count + process.queued[port], "seed \(seed): tokens")
      }
    }
  }

  /// Folding the recorded events once more gives the same figures.
  private func folded() -> Int {
    var again = RunState(workflow: scenario.state.workflow)
    for event in scenario.events { again.apply(event) }
    #expect(again.counts == scenario.state.counts, "seed \(seed): the fold differs")
    #expect(again.status == scenario.state.status, "seed \(seed): the fold differs")
    return again.eventCount
  }
}
