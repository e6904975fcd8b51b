public import JobProtocol
public import Redis

/// The output of one job, from the oldest chunk that Redis has to the end, each chunk once.
///
/// It first subscribes and then reads the backlog, so that nothing is missed in between; sequence
/// numbers tell what was delivered. A gap in the numbers is output that Redis no longer has.
public struct LogFollower: Sendable {
  public enum Update: Sendable, Equatable {
    case chunk(LogChunk)
    /// Redis no longer has this many chunks before the next one.
    case missing(chunks: Int)
  }

  private let url: RedisURL
  private let key: String

  public init(job: String, url: RedisURL) {
    self.url = url
    key = RunKeys.log(job: job)
  }

  /// Delivers until the job's last chunk, or until the task is cancelled.
  public func follow(_ deliver: @Sendable ([Update]) -> Void) async throws(RedisError) {
    let redis = RedisClient(url)
    let backlog = LogBacklog(redis: redis)
    var order = ChunkOrder()
    var last: String?
    do throws(RedisError) {
      let events = RedisSubscription(url, channels: [key]).makeAsyncIterator()
      while !order.isComplete, let event = try await events.next() {
        switch event {
        case .subscribed, .resubscribed:
          var page: LogBacklog.Page
          repeat {
            page = try await backlog.page(key, after: last)
            last = page.last
            send(order.receive(page.chunks), deliver)
          } while page.next != nil && !order.isComplete
        case .message(let push):
          send(order.receive([LogChunk(encoded: push.payload)].compactMap { $0 }), deliver)
        case .lost: break
        }
      }
    } catch {
      await redis.close()
      throw error
    }
    await redis.close()
  }

  private func send(_ updates: [Update], _ deliver: ([Update]) -> Void) {
    if !updates.isEmpty { deliver(updates) }
  }
}

/// Orders chunks that come from the backlog and from the subscription, and drops repeated ones.
struct ChunkOrder: Sendable {
  private(set) var lastSequence = 0
  private(set) var isComplete = false

  mutating func receive(_ chunks: [LogChunk]) -> [LogFollower.Update] {
    var updates: [LogFollower.Update] = []
    for chunk in chunks.sorted(by: { $0.sequence < $1.sequence })
    where chunk.sequence > lastSequence {
      let missing = chunk.sequence - lastSequence - 1
      if missing > 0 { updates.append(.missing(chunks: missing)) }
      lastSequence = chunk.sequence
      updates.append(.chunk(chunk))
      if chunk.stream == .end { isComplete = true }
    }
    return updates
  }
}
