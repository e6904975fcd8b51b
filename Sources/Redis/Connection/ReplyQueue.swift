/// Replies that were parsed and not yet taken, first in, first out.
struct ReplyQueue {
  private var replies: [RedisValue] = []
  private var taken = 0

  var isEmpty: Bool { taken == replies.count }

  mutating func append(_ reply: RedisValue) { replies.append(reply) }

  mutating func next() -> RedisValue? {
    guard taken < replies.count else { return nil }
    let reply = replies[taken]
    replies[taken] = .null
    taken += 1
    if taken == replies.count {
      replies.removeAll(keepingCapacity: taken <= 1024)
      taken = 0
    }
    return reply
  }
}
