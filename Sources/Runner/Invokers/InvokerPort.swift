import JobProtocol
import Posix
import Redis
import Runs
import Synchronization

/// The engine's side of one invoker. Orders return at once. The invoker carries them out one after
/// the other, in a task of its own, and the results come back as news.
///
/// So neither a turn of the engine nor its lease depends on how long a tool, a network or a
/// scheduler takes. An order that takes very long is reported to people.
final class InvokerPort: Sendable {
  private enum Order: Sendable {
    case restore([Allocation])
    case adopt([FormerJob])
    case submit([SubmittedJob])
    case cancel([JobID])
    case withdraw([JobID])
    case taken([JobID])
    case ended([JobID])
    case pause(Bool)
    case slots(Int)
    case drain(worker: String)
    case steer(WorkersRequest)
    case checkWorker(worker: String)

    /// The order as part of a sentence.
    var text: String {
      switch self {
      case .restore: "recalling places for workers"
      case .adopt(let jobs): "taking over \(jobs.count) jobs"
      case .submit(let jobs): "submitting \(jobs.count) jobs"
      case .cancel(let jobs): "cancelling \(jobs.count) jobs"
      case .withdraw(let jobs): "taking back \(jobs.count) jobs"
      case .taken: "noting jobs that were taken"
      case .ended: "noting jobs that have ended"
      case .pause(let on): on ? "pausing" : "continuing"
      case .slots(let count): "setting \(count) slots"
      case .drain(let worker): "draining \(worker)"
      case .steer(let request): "changing the workers of \(request.site)"
      case .checkWorker(let worker): "checking worker \(worker)"
      }
    }
  }

  /// The order that the invoker carries out, and the monotonic time at which it began.
  private struct CurrentOrder {
    var orderText = ""
    var since = 0
    /// Whether the order was reported as slow.
    var isReported = false
  }

  private let invoker: any JobInvoker
  private let orders: AsyncStream<Order>.Continuation
  private let current: Mutex<CurrentOrder?>
  private let task: Mutex<Task<Void, Never>?>

  /// Orders that take longer are reported to people.
  private static let slowMilliseconds = 30_000

  /// - Parameters:
  ///   - pause: The delay in milliseconds before a failed submission or take-over is tried again.
  ///   - deliver: Gets the news, in order.
  init(
    _ invoker: any JobInvoker, pause: Int = 5000,
    deliver: @escaping @Sendable (InvokerNews) -> Void
  ) {
    self.invoker = invoker
    let (stream, orders) = AsyncStream<Order>.makeStream()
    self.orders = orders
    current = Mutex(nil)
    task = Mutex(nil)
    let worker = OrderWorker(invoker: invoker, pause: pause, deliver: deliver)
    let loop = Task { [weak self] in
      for await order in stream {
        // The stream still has orders that came before the invoker was told to stop.
        if Task.isCancelled { break }
        self?.begin(order)
        let news = await worker.carryOut(order)
        let delay = self?.end()
        let all = delay.map { news + InvokerNews(notices: [$0]) } ?? news
        if !all.isEmpty { deliver(all) }
      }
    }
    task.withLock { $0 = loop }
  }

  deinit { finish() }

  private func finish() {
    orders.finish()
    task.withLock { $0?.cancel() }
  }

  var name: String { invoker.name }
  var jobsAhead: Int { invoker.jobsAhead }
  var endsExecutors: Bool { invoker.endsExecutors }

  func submission(of jobs: [SubmittedJob]) -> [RedisCommand] { invoker.submission(of: jobs) }
  func pauseCommands() -> [RedisCommand] { invoker.pauseCommands() }
  func restore(_ allocations: [Allocation]) { orders.yield(.restore(allocations)) }
  func adopt(_ jobs: [FormerJob]) { orders.yield(.adopt(jobs)) }
  func submit(_ jobs: [SubmittedJob]) { if !jobs.isEmpty { orders.yield(.submit(jobs)) } }
  func cancel(_ jobs: [JobID]) { if !jobs.isEmpty { orders.yield(.cancel(jobs)) } }
  func withdraw(_ jobs: [JobID]) { if !jobs.isEmpty { orders.yield(.withdraw(jobs)) } }
  func taken(_ jobs: [JobID]) { if !jobs.isEmpty { orders.yield(.taken(jobs)) } }
  func ended(_ jobs: [JobID]) { if !jobs.isEmpty { orders.yield(.ended(jobs)) } }
  func pause(_ on: Bool) { orders.yield(.pause(on)) }
  func setSlots(_ count: Int) { orders.yield(.slots(count)) }
  func drain(_ worker: String) { orders.yield(.drain(worker: worker)) }
  var siteNames: [String] { (invoker as? any WorkerPool)?.siteNames ?? [] }
  func steer(_ request: WorkersRequest) { orders.yield(.steer(request)) }
  func checkWorker(_ worker: String) { orders.yield(.checkWorker(worker: worker)) }

  /// Starts what jobs need before the first of them. Only this call waits for the invoker, because
  /// the run has not started yet.
  func start() async throws(InvokerError) { try await invoker.start() }

  /// Tells the invoker to stop what it started, and waits at most the given time.
  ///
  /// The order that the invoker is carrying out ends before that, because it may still be creating
  /// what `stop` deletes. If it takes more than half of the time, it is stopped all the same.
  func stop(milliseconds: Int) async {
    finish()
    let deadline = Clock.monotonicMilliseconds + milliseconds
    if let loop = task.withLock({ $0 }) {
      await Ticker.wait(atMost: milliseconds / 2) { await loop.value }
    }
    let invoker = invoker
    let rest = max(0, deadline - Clock.monotonicMilliseconds)
    await Ticker.wait(atMost: rest) { await invoker.stop() }
  }

  // MARK: Slow invokers

  /// A notice about an order that takes very long; at most one for each order.
  func slowOrderNotice() -> String? {
    current.withLock { current in
      guard let now = current, !now.isReported,
        Clock.monotonicMilliseconds - now.since > Self.slowMilliseconds
      else { return nil }
      current?.isReported = true
      return "\(name) has not answered for \(Self.slowMilliseconds / 1000) s: \(now.orderText); "
        + "later orders wait"
    }
  }

  private func begin(_ order: Order) {
    current.withLock {
      $0 = CurrentOrder(orderText: order.text, since: Clock.monotonicMilliseconds)
    }
  }

  /// Returns a notice if the order was reported as slow.
  private func end() -> String? {
    current.withLock { current in
      defer { current = nil }
      guard let current, current.isReported else { return nil }
      let seconds = (Clock.monotonicMilliseconds - current.since) / 1000
      return "\(name) has answered after \(seconds) s: \(current.orderText)"
    }
  }

  // MARK: Carrying out

  private struct OrderWorker {
    let invoker: any JobInvoker
    let pause: Int
    let deliver: @Sendable (InvokerNews) -> Void

    func carryOut(_ order: Order) async -> InvokerNews {
      do throws(InvokerError) {
        return try await tryOut(order)
      } catch {
        return await failed(order, error)
      }
    }

    private func tryOut(_ order: Order) async throws(InvokerError) -> InvokerNews {
      switch order {
      case .restore(let allocations): await invoker.restore(allocations)
      case .adopt(let jobs): return try await invoker.adopt(jobs)
      case .submit(let jobs): return try await invoker.submit(jobs)
      case .cancel(let jobs): return try await invoker.cancel(jobs)
      case .withdraw(let jobs): return try await invoker.withdraw(jobs)
      case .taken(let jobs): await invoker.taken(jobs)
      case .ended(let jobs): return await invoker.ended(jobs)
      case .pause(let on): return try await invoker.pause(on)
      case .slots(let count): return try await invoker.setSlots(count)
      case .drain(let worker): try await (invoker as? any WorkerPool)?.drain(worker)
      case .steer(let request): await (invoker as? any WorkerPool)?.steer(request)
      case .checkWorker(let worker):
        guard let pool = invoker as? any WorkerPool else { break }
        guard let news = try await pool.checkWorker(worker) else {
          return InvokerNews(livingWorkers: [worker])
        }
        return news + InvokerNews(goneWorkers: [worker])
      }
      return InvokerNews()
    }

    private func failed(_ order: Order, _ error: InvokerError) async -> InvokerNews {
      let notice = "\(invoker.name): \(order.text) failed: \(error)"
      switch order {
      case .adopt(let jobs): return await adoptLater(jobs, error, notice)
      case .submit(let jobs):
        let delay = error.isForGood ? nil : pause
        return InvokerNews(
          refused: jobs.map {
            .init(job: $0.id, reason: "\(error)", retryMilliseconds: delay)
          })
      case .withdraw(let jobs): return InvokerNews(kept: jobs, notices: [notice])
      // The worker is checked again if it stays silent.
      case .checkWorker(let worker): return InvokerNews(livingWorkers: [worker])
      case .cancel, .restore, .taken, .ended, .pause, .slots, .drain, .steer:
        return InvokerNews(notices: [notice])
      }
    }

    /// Tries again until it succeeds: nothing else can be done with jobs that were not taken over.
    private func adoptLater(
      _ jobs: [FormerJob], _ first: InvokerError, _ notice: String
    ) async -> InvokerNews {
      var error = first
      deliver(InvokerNews(notices: ["\(notice); it is tried again"]))
      while !error.isForGood, !Task.isCancelled {
        await Ticker.pause(milliseconds: pause)
        do throws(InvokerError) {
          return try await invoker.adopt(jobs)
        } catch let next {
          error = next
        }
      }
      return InvokerNews(
        failure: RunnerError(
          .infrastructure, "the jobs of the run cannot be taken over: \(error)"))
    }
  }
}
