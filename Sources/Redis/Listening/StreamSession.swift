import Posix

/// Reads streams with XREAD, and keeps its position across connections.
struct StreamSession: ListenerSession {
  private let names: [String]
  /// The last id read of each stream.
  private var positions: [String]
  private let count: Int
  private let pace: ReadingPace

  init(streams: [(name: String, after: String)], count: Int, pace: ReadingPace) {
    names = streams.map(\.name)
    positions = streams.map(\.after)
    self.count = count
    self.pace = pace
  }

  mutating func run(
    on connection: RedisConnection, for listener: Listener<[StreamEntry]>
  ) throws(RedisError) {
    try resolveEnds(on: connection)
    var watch = AnswerWatch(listener.patience)
    // The first read returns at once: it shows whether reading works before anybody waits.
    var block: [any RedisArgument] = []
    let idle = listener.patience.idleMilliseconds
    while !listener.queue.isEnded {
      if connection.unansweredCount == 0, !listener.queue.isFull {
        connection.append(
          RedisCommand(["XREAD", "COUNT", count] + block + ["STREAMS"] + names + positions))
        watch.expect(after: block.isEmpty ? 0 : idle)
      }
      try listener.exchange(on: connection, &watch)
      while let reply = try connection.nextReply() {
        if case .error(let text) = reply { throw .reply(text, at: connection.url) }
        watch.answered()
        listener.commandSucceeded()
        block = ["BLOCK", idle]
        let entries = StreamEntry.decodeRead(reply)
        advance(behind: entries)
        guard !entries.isEmpty else { continue }
        listener.queue.send(entries)
        listener.rest(milliseconds: pace.milliseconds)
      }
    }
  }

  func lost(_ error: RedisError, for listener: Listener<[StreamEntry]>) {}

  /// `$` means the end at the first look, also for later connections.
  private mutating func resolveEnds(on connection: RedisConnection) throws(RedisError) {
    for index in names.indices where positions[index] == "$" {
      let reply = try connection.call(
        RedisCommand("XREVRANGE", names[index], "+", "-", "COUNT", 1))
      positions[index] = StreamEntry.decode(reply, stream: names[index]).first?.id ?? "0"
    }
  }

  private mutating func advance(behind entries: [StreamEntry]) {
    for entry in entries {
      for index in names.indices where names[index] == entry.stream { positions[index] = entry.id }
    }
  }
}
