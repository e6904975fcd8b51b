public import Engine
import JobProtocol
public import Redis
import Synchronization
import Workflow

/// The output that a screen or `logs --follow` shows: of one attempt, of several, or of a stage or
/// the run. Changing to another output takes two round trips, because the connections stay open.
///
/// Channels only say that a stream has more. Everything is read from the streams, each from the
/// last entry that was read. Channels are subscribed before the first reading, so nothing is
/// missed. After a lost subscription is renewed, reading continues in every stream.
public final class LogFeed: Sendable {
  private struct Requests {
    /// Subscriptions that `run` has not handled yet, in order. An attempt that was left and is
    /// wanted again is read from its beginning.
    var pending: [LogSubscription] = []
    var current = LogSubscription.attempts([])
  }

  private let details: RunWatcher.Details
  private let redis: RedisClient
  private let channels: RedisSubscription
  private let requests = Mutex(Requests())

  public init(_ details: RunWatcher.Details, url: RedisURL) {
    self.details = details
    redis = RedisClient(url)
    channels = RedisSubscription(url)
  }

  /// Changes to a subscription. Attempts that are followed already continue. Never blocks.
  public func follow(_ subscription: LogSubscription) {
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

  /// Delivers output until the task is cancelled or, with `untilEnd`, the attempts have ended.
  /// `deliver` may be slow; `onError` gets read errors.
  public func run(
    untilEnd: Bool = false, deliver: @Sendable (LogUpdate) async -> Void,
    onError: @Sendable (RedisError) -> Void
  ) async {
    let streams = LogStreams(redis: redis)
    var router = LogRouter()
    let iterator = channels.makeAsyncIterator()
    do throws(RedisError) {
      while !(untilEnd && router.isComplete), let events = try await iterator.nextAll() {
        for subscription in takePending() { router.change(to: subscription) }
        for event in events { receive(event, &router) }
        do throws(RedisError) {
          try await read(streams, &router, deliver)
        } catch {
          if !Task.isCancelled { onError(error) }
        }
      }
    } catch {
      if !Task.isCancelled { onError(error) }
    }
    channels.cancel()
    await redis.close()
  }

  private func takePending() -> [LogSubscription] {
    requests.withLock { requests in
      defer { requests.pending = [] }
      return requests.pending
    }
  }

  /// Whether the subscription has changed.
  private var isOutdated: Bool { requests.withLock { !$0.pending.isEmpty } }

  private func receive(_ event: RedisSubscription.Event, _ router: inout LogRouter) {
    switch event {
    case .subscribed, .resubscribed: router.wakeAll()
    case .message(let push):
      guard let attempt = details.attempt(ofLog: push.channel) else { return }
      router.wake(attempt, by: push.payload)
    case .lost: break
    }
  }

  // MARK: Reading

  private func read(
    _ streams: LogStreams, _ router: inout LogRouter, _ deliver: (LogUpdate) async -> Void
  ) async throws(RedisError) {
    while !isOutdated {
      let due = router.takeDue()
      guard !due.isEmpty else { return }
      let share = max(4, Self.chunksAtOnce / due.count)
      let isTail = due.allSatisfy { $0.start == .newest }
      let portions = try await streams.read(
        due.map { (key($0.attempt), $0.start) },
        count: isTail ? share : min(share, LogStreams.portionSize))
      var updates: [LogUpdate] = []
      for ((attempt, _), portion) in zip(due, portions) {
        if let update = router.receive(portion, of: attempt) { updates.append(update) }
      }
      if case .processes = router.subscription { updates = Self.merged(updates) }
      for update in updates { await deliver(update) }
    }
  }

  private static let chunksAtOnce = 1024

  /// Merges updates in order of time. Chunks of one attempt keep their order, because their times
  /// never go back.
  static func merged(_ updates: [LogUpdate]) -> [LogUpdate] {
    guard updates.count > 1 else { return updates }
    let pieces = updates.flatMap { update in update.chunks.map { (update.attempt, $0) } }
      .sorted { ($0.1.time, $0.1.sequence) < ($1.1.time, $1.1.sequence) }
    var merged: [LogUpdate] = []
    for (attempt, chunk) in pieces {
      if merged.last?.attempt == attempt {
        merged[merged.count - 1].chunks.append(chunk)
      } else {
        merged.append(LogUpdate(attempt: attempt, chunks: [chunk]))
      }
    }
    return merged
  }

  // MARK: Names

  private func key(_ attempt: AttemptID) -> String {
    RunKeys.log(job: "\(details.jobID(attempt))")
  }

  private func names(_ subscription: LogSubscription) -> (channels: [String], patterns: [String]) {
    switch subscription {
    case .attempts(let attempts): (attempts.map(key), [])
    case .processes: ([], [details.logPattern])
    }
  }
}
