public import Engine
import JobProtocol
import Posix
public import Redis
import Synchronization

/// The last lines of output of several jobs, over one subscription, for a table. Nothing is stored,
/// and only the latest chunks are read.
public final class LogTails: Sendable {
  private struct State {
    /// The followed attempts by channel.
    var attempts: [String: AttemptID] = [:]
    var task: Task<Void, Never>?
    var subscription: RedisSubscription?
  }

  private let url: RedisURL
  private let channel: @Sendable (AttemptID) -> String
  private let deliver: @Sendable (AttemptID, String) -> Void
  private let state = Mutex(State())

  /// - Parameter deliver: May be called on any thread, with a line as it was written.
  public init(
    _ details: RunWatcher.Details, url: RedisURL,
    deliver: @escaping @Sendable (AttemptID, String) -> Void
  ) {
    self.url = url
    self.deliver = deliver
    channel = { RunKeys.log(job: "\(details.jobID($0))") }
  }

  /// Follows these attempts and no others from now on.
  public func follow(_ attempts: Set<AttemptID>) {
    let wanted = Dictionary(
      attempts.map { (channel($0), $0) }, uniquingKeysWith: { first, _ in first })
    state.withLock { state in
      let added = wanted.keys.filter { state.attempts[$0] == nil }
      let removed = state.attempts.keys.filter { wanted[$0] == nil }
      state.attempts = wanted
      if let subscription = state.subscription {
        subscription.subscribe(channels: added)
        subscription.unsubscribe(channels: removed)
      } else if !wanted.isEmpty {
        let subscription = RedisSubscription(url, channels: added)
        state.subscription = subscription
        state.task = Task { await self.listen(subscription) }
      }
    }
  }

  public func stop() {
    state.withLock { state in
      state.attempts = [:]
      state.task?.cancel()
      state.subscription?.cancel()
      state.task = nil
      state.subscription = nil
    }
  }

  private func listen(_ subscription: RedisSubscription) async {
    let redis = RedisClient(url)
    let streams = LogStreams(redis: redis)
    let iterator = subscription.makeAsyncIterator()
    while let events = try? await iterator.nextAll() {
      let news = channels(in: events)
      if let portions = try? await streams.read(
        news.map { ($0, .newest) }, count: Self.chunkCount)
      {
        for (channel, portion) in zip(news, portions) { show(portion, of: channel) }
      }
      // Messages that arrive meanwhile are answered by one reading.
      await Ticker.pause(milliseconds: Self.restMilliseconds)
    }
    await redis.close()
  }

  /// How many of the last chunks are searched for a line.
  private static let chunkCount = 4
  private static let restMilliseconds = 100

  /// The channels whose streams have more, or may have.
  private func channels(in events: [RedisSubscription.Event]) -> [String] {
    var names: Set<String> = []
    for event in events {
      switch event {
      case .message(let push): names.insert(push.channel)
      case .subscribed(let channels): names.formUnion(channels)
      case .resubscribed: names.formUnion(state.withLock { $0.attempts.keys })
      case .lost: break
      }
    }
    return names.sorted()
  }

  private func show(_ portion: LogStreams.Portion, of channel: String) {
    guard let attempt = state.withLock({ $0.attempts[channel] }) else { return }
    if let line = portion.chunks.compactMap(Self.lastLine).last { deliver(attempt, line) }
  }

  /// The last line that is not blank. A carriage return also ends a line.
  static func lastLine(of chunk: LogChunk) -> String? {
    guard chunk.stream == .standardOutput || chunk.stream == .standardError else { return nil }
    let end = chunk.bytes.suffix(4096)
    let lines = end.split { $0 == 0x0A || $0 == 0x0D }
    return lines.last { $0.contains { $0 > 0x20 } }
      .map { String(decoding: $0.suffix(1024), as: UTF8.self) }
  }
}
