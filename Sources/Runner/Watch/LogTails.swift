public import Engine
import JobProtocol
public import Redis
import Synchronization

/// The last lines of output of several jobs, over one subscription, for a table. Nothing is stored,
/// and of earlier output only the latest chunks are read.
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
    let events = subscription.makeAsyncIterator()
    while let event = try? await events.next() {
      switch event {
      case .message(let push): receive([push.payload], of: push.channel)
      case .subscribed(let channels): await readLatest(of: channels, redis)
      case .resubscribed:
        await readLatest(of: state.withLock { Array($0.attempts.keys) }, redis)
      case .lost: break
      }
    }
    await redis.close()
  }

  /// Reads the last lines that were written before the subscription.
  private func readLatest(of channels: [String], _ redis: RedisClient) async {
    let commands = channels.map { RedisCommand("XREVRANGE", $0, "+", "-", "COUNT", "8") }
    guard let replies = try? await redis.run(commands, retry: .always) else { return }
    for (channel, reply) in zip(channels, replies) {
      let entries = RedisStreamReader.decodeRange(reply, stream: channel)
      receive(entries.reversed().compactMap { $0["c"] }, of: channel)
    }
  }

  private func receive(_ payloads: [[UInt8]], of channel: String) {
    guard let attempt = state.withLock({ $0.attempts[channel] }) else { return }
    let lines = payloads.compactMap { LogChunk(encoded: $0).flatMap(Self.lastLine) }
    if let line = lines.last { deliver(attempt, line) }
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
