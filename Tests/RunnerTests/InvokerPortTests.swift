import Engine
import JSONValue
import JobProtocol
import Posix
import Redis
import Synchronization
import TestSupport
import Testing
import Workflow

@testable import Runner
@testable import Runs

/// An invoker that does what a test tells it to, and records its orders.
private actor ScriptedInvoker: WorkerPool {
  nonisolated let name = "scripted"
  nonisolated let jobsAhead = 0
  private(set) var asked: [String] = []
  private let hanging: Set<String>
  private var failing: Set<String>
  private let isForGood: Bool
  private var hung: [CheckedContinuation<Void, Never>] = []

  init(hanging: Set<String> = [], failing: Set<String> = [], isForGood: Bool = false) {
    self.hanging = hanging
    self.failing = failing
    self.isForGood = isForGood
  }

  private func ask(_ what: String) async throws(InvokerError) {
    asked.append(what)
    if hanging.contains(what) { await withCheckedContinuation { hung.append($0) } }
    if failing.contains(what) { throw InvokerError("the scheduler is down", isForGood: isForGood) }
  }

  func mend() { failing = [] }

  func answer() {
    for continuation in hung { continuation.resume() }
    hung = []
  }

  nonisolated func submission(of jobs: [SubmittedJob]) -> [RedisCommand] { [] }
  func start() {}
  func taken(_ jobs: [JobID]) {}
  func ended(_ jobs: [JobID]) -> InvokerNews { InvokerNews() }

  func adopt(_ jobs: [FormerJob]) async throws(InvokerError) -> InvokerNews {
    try await ask("adopt")
    return InvokerNews()
  }

  func submit(_ jobs: [SubmittedJob]) async throws(InvokerError) -> InvokerNews {
    try await ask("submit")
    return InvokerNews(accepted: jobs.map { .init(job: $0.id, nativeID: "n\($0.id.attempt)") })
  }

  func cancel(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    try await ask("cancel")
    return InvokerNews(withdrawn: jobs)
  }

  func withdraw(_ jobs: [JobID]) async throws(InvokerError) -> InvokerNews {
    try await ask("withdraw")
    return InvokerNews(withdrawn: jobs)
  }

  func pause(_ on: Bool) async throws(InvokerError) -> InvokerNews {
    try await ask("pause \(on)")
    return InvokerNews()
  }

  func setSlots(_ count: Int) async throws(InvokerError) -> InvokerNews {
    try await ask("slots \(count)")
    return InvokerNews()
  }

  func drain(_ worker: String) async throws(InvokerError) { try await ask("drain \(worker)") }

  func checkWorker(_ worker: String) async throws(InvokerError) -> InvokerNews? {
    try await ask("silent \(worker)")
    return worker == "dead" ? InvokerNews() : nil
  }

  func stop() async { try? await ask("stop") }
}

/// Orders to an invoker return at once; it carries them out in order.
@Suite struct InvokerPortTests {
  private let delivered = Inbox<InvokerNews>()

  private func port(_ invoker: ScriptedInvoker) -> InvokerPort {
    let delivered = delivered
    return InvokerPort(invoker, pause: 1, deliver: { delivered.send($0) })
  }

  private func job(_ process: Int = 1, attempt: Int = 1) -> SubmittedJob {
    let firing = FiringID(ProcessID(number: process), 1)
    let task = TaskID(
      run: RunID(randomBits: 1), workflow: 1, process: process, firing: 1)
    return SubmittedJob(
      id: JobID(task: task, attempt: attempt), attempt: AttemptID(firing, attempt), message: [])
  }

  private func news(_ count: Int = 1) async -> [InvokerNews] {
    var news: [InvokerNews] = []
    while news.count < count { news += await delivered.nextAll() ?? [] }
    return news
  }

  @Test func `orders return at once although the invoker hangs`() async throws {
    let invoker = ScriptedInvoker(hanging: ["submit"])
    let port = port(invoker)
    port.submit([job()])
    port.cancel([job().id])
    port.pause(true)
    // All three calls have returned, and no order has been carried out.
    #expect(delivered.takeAll().isEmpty)
    while await invoker.asked != ["submit"] { await Task.yield() }
    await invoker.answer()
    let news = await news(2)
    #expect(news[0].accepted == [.init(job: job().id, nativeID: "n1")])
    #expect(news[1].withdrawn == [job().id])
    await port.stop(milliseconds: 60_000)
    #expect(await invoker.asked == ["submit", "cancel", "pause true", "stop"])
  }

  @Test func `an invoker is stopped when the order that it carries out has ended`() async {
    let invoker = ScriptedInvoker(hanging: ["submit"])
    let port = port(invoker)
    port.submit([job()])
    port.cancel([job().id])
    while await invoker.asked.isEmpty { await Task.yield() }
    let stop = Task { await port.stop(milliseconds: 600_000) }
    for _ in 1...1000 { await Task.yield() }
    #expect(await invoker.asked == ["submit"], "what it still creates would not be deleted")
    await invoker.answer()
    await stop.value
    #expect(await invoker.asked == ["submit", "stop"])
  }

  @Test func `a hanging invoker is told to stop and not waited for`() async {
    let invoker = ScriptedInvoker(hanging: ["submit", "stop"])
    let port = port(invoker)
    port.submit([job()])
    while await invoker.asked.isEmpty { await Task.yield() }
    await port.stop(milliseconds: 50)
    #expect(await invoker.asked == ["submit", "stop"])
    await invoker.answer()
  }

  @Test func `jobs that could not be submitted are submitted again later`() async {
    let port = port(ScriptedInvoker(failing: ["submit"]))
    port.submit([job()])
    let refused = await news()[0].refused
    #expect(refused.map(\.job) == [job().id])
    #expect(refused.first?.reason == "the scheduler is down")
    #expect((refused.first?.retryMilliseconds ?? 0) > 0)
  }

  @Test func `jobs that could not be withdrawn are kept and reported`() async {
    let port = port(ScriptedInvoker(failing: ["withdraw", "cancel"]))
    port.withdraw([job().id])
    port.cancel([job().id])
    let news = await news(2)
    #expect(news[0].kept == [job().id])
    #expect(
      news.map(\.notices) == [
        ["scripted: taking back 1 jobs failed: the scheduler is down"],
        ["scripted: cancelling 1 jobs failed: the scheduler is down"],
      ])
  }

  @Test func `jobs that can never be submitted fail`() async {
    let port = port(ScriptedInvoker(failing: ["submit"], isForGood: true))
    port.submit([job()])
    #expect(
      await news()[0].refused
        == [.init(job: job().id, reason: "the scheduler is down", retryMilliseconds: nil)])
  }

  @Test func `a take-over is retried until it succeeds, and later orders wait`() async {
    let invoker = ScriptedInvoker(failing: ["adopt"])
    let port = port(invoker)
    port.adopt([])
    port.submit([job()])
    #expect(
      await news()[0].notices == [
        "scripted: taking over 0 jobs failed: the scheduler is down; it is tried again"
      ])
    while await invoker.asked.count < 3 { await Task.yield() }
    #expect(await Set(invoker.asked) == ["adopt"])
    await invoker.mend()
    #expect(await news()[0].accepted.map(\.job) == [job().id])
  }

  @Test func `a take-over that cannot succeed ends the engine`() async {
    let port = port(ScriptedInvoker(failing: ["adopt"], isForGood: true))
    port.adopt([])
    #expect(await news(2)[1].failure?.code == .infrastructure)
  }

  @Test func `a silent worker is alive, gone, or cannot be checked`() async {
    let port = port(ScriptedInvoker(failing: ["silent lost"]))
    for worker in ["alive", "dead", "lost"] { port.checkWorker(worker) }
    let news = await news(3)
    #expect(news.map(\.livingWorkers) == [["alive"], [], ["lost"]])
    #expect(news.map(\.goneWorkers) == [[], ["dead"], []])
  }

  @Test func `each job goes to the invoker of its process`() async {
    let first = ScriptedInvoker()
    let second = ScriptedInvoker()
    let table = InvokerTable([port(first), port(second)], routes: [0, 1, 0])
    table.submit([job(1), job(2), job(3)])
    let news = await news(2)
    let parts = news.map { Set($0.accepted.map(\.job.task.process)) }
    #expect(Set(parts) == [[1, 3], [2]])
    table.cancel([job(2).id])
    #expect(await self.news()[0].withdrawn == [job(2).id])
    await table.stop(milliseconds: 60_000)
    #expect(await first.asked == ["submit", "stop"])
    #expect(await second.asked == ["submit", "cancel", "stop"])
  }

  @Test func `a reason is reported once, and not too often`() {
    var reasons = PendingReasons()
    let attempt = job().attempt
    func isNew(_ reason: String, _ time: Int) -> Bool {
      reasons.isNew(reason, of: attempt, at: time)
    }
    #expect(isNew("Resources", 0))
    #expect(!isNew("Resources", 60_000))
    #expect(isNew("Priority", 60_000))
    #expect(!isNew("Resources", 60_001))
    reasons.forget(attempt)
    #expect(isNew("Resources", 60_002))
  }

  /// The engine of the run commits turns, handles requests and keeps its lease.
  @Test(.timeLimit(.minutes(2))) func `a run handles requests while its invoker hangs`()
    async throws
  {
    let server = try RedisServer()
    let run = RedisServer.newRun()
    let keys = RunKeys(run)
    let workflow = try Workflow.sample(
      #"{"name": "a", "function": "command", "firingLimit": 1, "ins": [], "outs": []}"#)
    let invoker = ScriptedInvoker(hanging: ["submit"])
    let inbox = Inbox<EngineMessage>()
    let port = InvokerPort(invoker, pause: 1, deliver: { inbox.send(.news($0)) })
    let engine = try await TestEngine(
      run: run, workflow, on: server, takesOver: false, leaseMilliseconds: 900, inbox: inbox,
      invokers: InvokerTable([port]))
    let ended = Task { await engine.run() }
    while await invoker.asked != ["submit"] { try await Task.sleep(for: .milliseconds(5)) }
    let client = server.client()
    // The lease is renewed repeatedly, so its remaining time grows.
    var (renewals, left) = (0, Int.max)
    while renewals < 5 {
      let now = try await client.call(RedisCommand("PTTL", keys.lease)).integer ?? 0
      if now > left { renewals += 1 }
      left = now
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(try await client.call(RedisCommand("GET", keys.lease)).string == engine.journal.token)
    _ = try await client.call(
      RedisCommand("XADD", keys.control, "*", "c", ControlRequest.stop.json.bytes))
    let watcher = RunWatcher(run: run, url: server.url, id: "w")
    var events: [RunEvent] = []
    while !events.contains(where: { $0.change == .cancelRequested(AttemptID(job().id)) }) {
      try await Task.sleep(for: .milliseconds(20))
      events = try await watcher.allEvents()
    }
    #expect(await invoker.asked == ["submit"], "it still hangs")
    await invoker.answer()
    #expect(await ended.value == .success(.cancelled))
    #expect(await invoker.asked.prefix(2) == ["submit", "cancel"])
    await watcher.disconnect()
    await client.close()
  }
}
