import Engine
import JobProtocol
import Posix
import Redis
import Synchronization
import TestSupport
import Testing
import Workflow

@testable import Runner
@testable import Runs

/// Real engines, with real commits, on an infrastructure that hangs, refuses, loses, repeats and
/// reorders; engines are killed and replaced, and a user cancels, holds and retries. Every failure
/// names the seed.
@Suite struct UnreliableInfrastructureTests {
  private static let processes = """
    {"name": "a", "function": "command", "ins": ["n"], "outs": ["x"], "parlevel": 0,
     "config": {"executor": {"executable": "true"}}},
    {"name": "b", "function": "command", "ins": ["x"], "outs": ["y"], "parlevel": 3,
     "config": {"executor": {"executable": "true"}}},
    {"name": "c", "function": "command", "ins": ["y:4"], "outs": [], "firingLimit": 2,
     "config": {"executor": {"executable": "true"}}}
    """
  private static let signals = """
    {"name": "n", "data": [1, 2, 3, 4, 5, 6, 7, 8]}, {"name": "x"}, {"name": "y"}
    """

  static let blocks = 0..<10
  /// Seeds for each block; `make chaos` tries a hundred.
  static let seedsPerBlock =
    Environment["HFLOW_INFRASTRUCTURE_SEEDS"].flatMap(Int.init).map { $0 / blocks.count } ?? 4

  @Test(arguments: blocks)
  func `whatever an infrastructure does, each job starts once`(
    block: Int
  ) async throws {
    let server = try RedisServer()
    for place in 0..<Self.seedsPerBlock {
      try await Self.tryOut(seed: UInt64(block * Self.seedsPerBlock + place), on: server)
    }
  }

  private static func tryOut(seed: UInt64, on server: RedisServer) async throws {
    let workflow = try Workflow.sample(processes, signals: signals)
    let run = RedisServer.newRun()
    let reports = server.client()
    let infrastructure = UnreliableInfrastructure(run: run, redis: reports, seed: seed)
    var random = SeededRandom(seed: seed &* 31)
    var options = RunMachine.Options()
    options.retries = 2
    // A watcher keeps the run open for the user.
    _ = try await reports.call(RedisCommand("ZADD", RunKeys(run).watchers, "1e15", "person"))
    var kills = random.below(4)
    var result: Result<RunStatus, RunnerError>?
    var takesOver = false
    while result == nil {
      let inbox = Inbox<EngineMessage>()
      let deliver: @Sendable (InvokerNews) -> Void = { inbox.send(.news($0)) }
      await infrastructure.connect(deliver)
      let port = InvokerPort(
        UnreliableInvoker(infrastructure: infrastructure), pause: 1, deliver: deliver)
      let person = Person(seed: random.next(), inbox: inbox, killsAfter: kills > 0 ? 40 : nil)
      let engine = try await TestEngine(
        run: run, workflow, on: server, takesOver: takesOver, options: options,
        observer: person, inbox: inbox, invokers: InvokerTable([port]))
      let ended = await engine.run()
      if case .failure(let error) = ended, error == Person.kill {
        kills -= 1
        takesOver = true
      } else {
        result = ended
      }
    }
    #expect(try result?.get() == .succeeded, "seed \(seed)")
    let begun = await infrastructure.begun
    #expect(begun.values.allSatisfy { $0 == 1 }, "seed \(seed): a job began twice")
    let journal = Journal(run: run, redis: reports, token: LeaseToken().text)
    let machine = RunMachine(
      workflow: workflow, isJob: [true, true, true], options: options)
    let end = try await RunTakeOver(machine, from: journal) { _ in }
    #expect(end.state.counts[.succeeded] == 18, "seed \(seed): \(end.state.counts)")
    #expect(end.state.counts.total == 18, "seed \(seed)")
    await reports.close()
  }
}

/// Reacts to the journal: cancels, holds and releases tasks at random, retries failed tasks when
/// the run has settled, closes the run when it has succeeded, and may kill the engine.
private final class Person: RunObserver {
  static let kill = RunnerError(.deposed, "killed by the test")

  private struct State: Sendable {
    var random: SeededRandom
    var untilKill: Int?
  }

  private let inbox: Inbox<EngineMessage>
  private let state: Mutex<State>

  init(seed: UInt64, inbox: Inbox<EngineMessage>, killsAfter: Int?) {
    self.inbox = inbox
    var random = SeededRandom(seed: seed)
    let untilKill = killsAfter.map { 1 + random.below($0) }
    state = Mutex(State(random: random, untilKill: untilKill))
  }

  func runStarted(_ info: RunInfo?, _ state: () -> RunState) {
    let state = state()
    // Taken over after it had settled.
    if state.settledAt != nil { settled(state.status) }
  }

  func printed(_ lines: [String], by firing: FiringID) {}

  func committed(_ events: [RunEvent]) {
    for event in events {
      switch event.change {
      case .runSettled(let status, _): settled(status)
      case .jobSubmitted(let attempt): meddle(with: attempt.firing)
      default: break
      }
    }
    let isKilled = state.withLock { state in
      guard let left = state.untilKill else { return false }
      state.untilKill = left - events.count
      return left > 0 && left <= events.count
    }
    if isKilled { inbox.send(.failed(Self.kill)) }
  }

  private func settled(_ status: RunStatus) {
    ask(status == .succeeded ? .close : .retryAllFailed)
  }

  private func meddle(with firing: FiringID) {
    let choice = state.withLock { $0.random.below(24) }
    let task = TaskReference(process: firing.process.number, firing: firing.number)
    switch choice {
    case 0: ask(.cancel([task]))
    case 1:
      ask(.hold([task]))
      ask(.release([task]))
    default: break
    }
  }

  private func ask(_ request: ControlRequest) {
    inbox.send(.control([("0-1", request.json)]))
  }
}
