import Engine
import JobProtocol
import Posix
import Redis
import Synchronization
import TestSupport
import Testing
import Workflow

@testable import Runner

/// Requests that arrive together take effect in their order.
@Suite(.timeLimit(.minutes(2))) struct RequestOrderTests {
  /// Fails every job, sends all requests when the run has settled, and closes the run after that.
  private final class User: RunObserver {
    private let run: RunID
    private let inbox: Inbox<EngineMessage>
    private let requests: Mutex<[ControlRequest]>
    let seen = Mutex<[RunEvent]>([])

    init(_ run: RunID, _ inbox: Inbox<EngineMessage>, _ requests: [ControlRequest]) {
      self.run = run
      self.inbox = inbox
      self.requests = Mutex(requests)
    }

    func runStarted(_ info: RunInfo?, _ state: () -> RunState) {}
    func printed(_ lines: [String], by firing: FiringID) {}
    func redisChanged(_ change: OutageChange) -> Bool { true }
    func staysOpen(_ run: RunID) {}

    func committed(_ events: [RunEvent]) {
      seen.withLock { $0 += events }
      for event in events {
        switch event.change {
        case .jobSubmitted(let attempt): fail(attempt)
        case .runSettled: ask()
        default: break
        }
      }
    }

    private func fail(_ attempt: AttemptID) {
      let task = TaskID(
        run: run, workflow: 1, process: attempt.firing.process.number,
        firing: attempt.firing.number)
      let job = "\(JobID(task: task, attempt: attempt.number))"
      let report = JobReport.finished(
        job: job, outcome: .failed(.exit(1)), usage: JobUsage(), at: 1)
      inbox.send(.reports([report], upTo: "0-1"))
    }

    private func ask() {
      let all = requests.withLock { requests in
        defer { requests = [.close] }
        return requests
      }
      inbox.send(.control(all.enumerated().map { ("0-\($0.offset + 1)", $0.element.json) }))
    }
  }

  /// Submits nothing anywhere.
  private struct Nowhere: JobInvoker {
    let name = "nowhere"
    let jobsAhead = 0

    func start() async throws(InvokerError) {}
    func adopt(_ jobs: [FormerJob]) async throws(InvokerError) -> InvokerNews { InvokerNews() }
    func submission(of jobs: [SubmittedJob]) -> [RedisCommand] { [] }
    func submit(_ jobs: [SubmittedJob]) async throws(InvokerError) -> InvokerNews { InvokerNews() }
    func cancel(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews { InvokerNews() }
    func withdraw(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews { InvokerNews() }
    func taken(_ jobs: [JobID]) async {}
    func ended(_ jobs: [JobID]) async -> InvokerNews { InvokerNews() }
    func pause(_ on: Bool) async throws(InvokerError) -> InvokerNews { InvokerNews() }
    func setSlots(_ count: Int) async throws(InvokerError) -> InvokerNews { InvokerNews() }
    func stop() async {}
  }

  /// The events of a run of two failed tasks after these requests.
  private func events(after requests: [ControlRequest]) async throws -> [RunEvent] {
    let server = try RedisServer()
    let workflow = try Workflow.sample(
      ["a", "b"].map {
        #"{"name": "\#($0)", "function": "command", "ins": [], "outs": [], "firingLimit": 1, "#
          + #""config": {"executor": {"executable": "true"}}}"#
      }.joined(separator: ","))
    let run = RedisServer.newRun()
    let inbox = Inbox<EngineMessage>()
    let user = User(run, inbox, requests)
    let redis = try RedisConnection(server.url)
    _ = try redis.call(RedisCommand("ZADD", RunKeys(run).watchers, "1e15", "person"))
    let port = InvokerPort(Nowhere(), pause: 1) { inbox.send(.news($0)) }
    let engine = try await TestEngine(
      run: run, workflow, on: server, takesOver: false, observer: user, inbox: inbox,
      invokers: InvokerTable([port]))
    _ = await engine.run()
    return user.seen.withLock { $0 }
  }

  private func retried(_ events: [RunEvent]) -> Set<Int> {
    var processes: Set<Int> = []
    for case .attemptMade(let attempt, _, _) in events.map(\.change) {
      processes.insert(attempt.firing.process.number)
    }
    return processes
  }

  private func task(_ process: Int) -> TaskReference { TaskReference(process: process, firing: 1) }

  @Test func `retrying all failed tasks leaves out tasks that were just skipped`() async throws {
    let events = try await events(after: [.skip([task(1)]), .retryAllFailed])
    #expect(retried(events) == [2])
  }

  @Test func `tasks that are skipped after a retry are retried first`() async throws {
    let events = try await events(after: [.retryAllFailed, .skip([task(1)])])
    #expect(retried(events) == [1, 2])
  }
}
