public import Engine
public import JobProtocol
public import Redis
import Synchronization
public import Workflow

/// The output that a screen shows: of one attempt, of several, or of a stage or the run. Changing
/// to another output takes two round trips, because the connections stay open.
///
/// Channels are subscribed before the backlog is read, and sequence numbers tell what has been
/// delivered, so nothing is missed or repeated. If the consumer lags, Redis closes the
/// subscription. It is then renewed, and what was missed is read from the streams.
public final class LogFeed: Sendable {
  public enum Subscription: Sendable, Equatable {
    /// All output of these attempts.
    case attempts([AttemptID])
    /// What these processes (`nil`: all) write from now on. Before that, the last chunks of the
    /// attempts in `backlog`, merged in order of time.
    case processes(Set<ProcessID>?, backlog: [AttemptID])
  }

  /// Further output of one attempt.
  public struct Output: Sendable, Equatable {
    public let attempt: AttemptID
    public var chunks: [LogChunk]
    /// The first chunk is not the attempt's first, because Redis no longer has that one.
    public var isTruncated: Bool

    public init(attempt: AttemptID, chunks: [LogChunk], isTruncated: Bool = false) {
      self.attempt = attempt
      self.chunks = chunks
      self.isTruncated = isTruncated
    }
  }

  private struct Requests {
    /// Subscriptions that `run` has not handled yet, in order. An attempt that was left and is
    /// wanted again is read from its beginning.
    var pending: [Subscription] = []
    var current = Subscription.attempts([])
  }

  private let details: RunWatcher.Details
  private let redis: RedisClient
  private let channels: RedisSubscription
  private let requests = Mutex(Requests())

  public init(_ details: RunWatcher.Details, url: RedisURL) {
    self.details = details
    redis = RedisClient(url)
    // A message may have 32 KB.
    channels = RedisSubscription(url, capacity: 512)
  }

  /// Changes to a subscription. Attempts that are followed already continue. Never blocks.
  public func follow(_ subscription: Subscription) {
    let before = requests.withLock { requests in
      defer {
        requests.current = subscription
        requests.pending.append(subscription)
      }
      return requests.current
    }
    let (old, new) = (names(before), names(subscription))
    channels.unsubscribe(
      channels: old.channels.filter { !new.channels.contains($0) },
      patterns: old.patterns.filter { !new.patterns.contains($0) })
    // Also subscribes what is subscribed already: the confirmation wakes the reader.
    if subscription != .attempts([]) {
      channels.subscribe(channels: new.channels, patterns: new.patterns)
    }
  }

  /// Delivers output until the task is cancelled. `deliver` may take its time; `complain` gets read
  /// errors.
  public func run(
    deliver: @Sendable (Output) async -> Void, complain: @Sendable (RedisError) -> Void
  ) async {
    var router = LogRouter()
    let events = channels.makeAsyncIterator()
    do throws(RedisError) {
      while let event = try await events.next() {
        for subscription in takePending() { router.change(to: subscription) }
        switch event {
        case .subscribed, .resubscribed:
          do throws(RedisError) {
            try await readBacklog(&router, deliver)
          } catch {
            if !Task.isCancelled { complain(error) }
          }
        case .message(let push): await pass(push, &router, deliver)
        case .lost: break
        }
      }
    } catch {
      if !Task.isCancelled { complain(error) }
    }
    await redis.close()
  }

  private func takePending() -> [Subscription] {
    requests.withLock { requests in
      defer { requests.pending = [] }
      return requests.pending
    }
  }

  /// Whether the subscription has changed.
  private var isOutdated: Bool { requests.withLock { !$0.pending.isEmpty } }

  // MARK: Backlog

  private func readBacklog(
    _ router: inout LogRouter, _ deliver: (Output) async -> Void
  ) async throws(RedisError) {
    let backlog = LogBacklog(redis: redis)
    switch router.subscription {
    case .attempts(let attempts):
      for attempt in attempts {
        try await readAll(of: attempt, backlog, &router, deliver)
      }
    case .processes(_, let attempts):
      // After a lost connection, this includes attempts that have started to write since.
      try await readTails(of: router.known(attempts), backlog, &router, deliver)
    }
  }

  private func readAll(
    of attempt: AttemptID, _ backlog: LogBacklog, _ router: inout LogRouter,
    _ deliver: (Output) async -> Void
  ) async throws(RedisError) {
    let key = key(attempt)
    var page: LogBacklog.Page
    repeat {
      if isOutdated { return }
      page = try await backlog.page(key, after: router.lastEntry(of: attempt))
      router.read(to: page.last, of: attempt)
      if let output = router.receive(page.chunks, of: attempt) { await deliver(output) }
    } while page.next != nil
  }

  private func readTails(
    of attempts: [AttemptID], _ backlog: LogBacklog, _ router: inout LogRouter,
    _ deliver: (Output) async -> Void
  ) async throws(RedisError) {
    let pages = try await backlog.tails(
      attempts.map(key), count: max(4, 1024 / max(1, attempts.count)))
    var pieces: [(time: Int, output: Output)] = []
    for (attempt, page) in zip(attempts, pages) {
      for chunk in page.chunks {
        pieces.append((chunk.time, Output(attempt: attempt, chunks: [chunk])))
      }
    }
    // Chunks of one attempt keep their order: their times do not go back.
    pieces.sort {
      ($0.time, $0.output.chunks[0].sequence) < ($1.time, $1.output.chunks[0].sequence)
    }
    for piece in pieces {
      if isOutdated { return }
      if let output = router.receive(piece.output.chunks, of: piece.output.attempt) {
        await deliver(output)
      }
    }
  }

  // MARK: Messages

  private func pass(
    _ push: RedisPush, _ router: inout LogRouter, _ deliver: (Output) async -> Void
  ) async {
    guard let attempt = details.attempt(ofLog: push.channel),
      let chunk = LogChunk(encoded: push.payload),
      let output = router.receive([chunk], of: attempt)
    else { return }
    await deliver(output)
  }

  // MARK: Names

  private func key(_ attempt: AttemptID) -> String {
    RunKeys.log(job: "\(details.jobID(attempt))")
  }

  private func names(_ subscription: Subscription) -> (channels: [String], patterns: [String]) {
    switch subscription {
    case .attempts(let attempts): (attempts.map(key), [])
    case .processes: ([], [details.logPattern])
    }
  }
}

/// Tracks which output is wanted and what was delivered of it.
struct LogRouter {
  private struct Source {
    var order = ChunkOrder()
    var lastEntry: String?
  }

  private(set) var subscription = LogFeed.Subscription.attempts([])
  private var sources: [AttemptID: Source] = [:]

  /// Changes to a subscription. Attempts that are still wanted continue; the others are forgotten.
  mutating func change(to subscription: LogFeed.Subscription) {
    switch (self.subscription, subscription) {
    case (.attempts, .attempts(let attempts)):
      sources = sources.filter { attempts.contains($0.key) }
    default: sources = [:]
    }
    self.subscription = subscription
  }

  func wants(_ attempt: AttemptID) -> Bool {
    switch subscription {
    case .attempts(let attempts): attempts.contains(attempt)
    case .processes(let processes, _): processes?.contains(attempt.firing.process) ?? true
    }
  }

  /// These attempts and all others that have written, without those whose output is complete.
  func known(_ attempts: [AttemptID]) -> [AttemptID] {
    let others = sources.keys.filter { !attempts.contains($0) }
      .sorted { ($0.firing, $0.number) < ($1.firing, $1.number) }
    return (attempts + others).filter { !(sources[$0]?.order.isComplete ?? false) }
  }

  func lastEntry(of attempt: AttemptID) -> String? { sources[attempt]?.lastEntry }

  mutating func read(to entry: String?, of attempt: AttemptID) {
    sources[attempt, default: Source()].lastEntry = entry
  }

  /// The chunks that are wanted and new.
  mutating func receive(_ chunks: [LogChunk], of attempt: AttemptID) -> LogFeed.Output? {
    guard wants(attempt), !chunks.isEmpty else { return nil }
    let isFirst = sources[attempt, default: Source()].order.lastSequence == 0
    let updates = sources[attempt, default: Source()].order.receive(chunks)
    var fresh: [LogChunk] = []
    for case .chunk(let chunk) in updates { fresh.append(chunk) }
    guard let first = fresh.first else { return nil }
    var isTruncated = isFirst && first.sequence > 1
    if case .processes = subscription { isTruncated = false }
    return LogFeed.Output(attempt: attempt, chunks: fresh, isTruncated: isTruncated)
  }
}
