/// Follows streams on a connection of its own, for one consumer, without polling and without gaps:
/// a lost connection is made anew and goes on behind the last entry that was read.
public final class RedisStreamReader: AsyncSequence, Sendable {
  public typealias Element = [StreamEntry]
  public typealias Failure = RedisError

  private let listener: Listener<[StreamEntry]>

  /// Begins at once. `streams`: the id after which to read each: `0` everything, `$` only what is
  /// added from now on, else an entry's id. `count`: at most so many entries of each stream in a
  /// batch. A consumer that lags stops the reading after a few batches.
  public init(
    _ url: RedisURL, streams: [(name: String, after: String)], count: Int = 1000,
    pace: ReadingPace = ReadingPace(), patience: RedisPatience = .standard
  ) {
    precondition(!streams.isEmpty, "a stream reader needs a stream")
    listener = Listener(url, capacity: 4, patience: patience)
    listener.start(StreamSession(streams: streams, count: count, pace: pace))
  }

  deinit { cancel() }

  /// How the connection is doing.
  public var states: AsyncStream<RedisState> { listener.states.stream() }

  /// Ends the sequence and the connection at once.
  public func cancel() { listener.mailbox.cancel() }

  /// The reply of XRANGE on a stream as entries.
  public static func decodeRange(_ reply: RedisValue, stream: String) -> [StreamEntry] {
    StreamEntry.decode(reply, stream: stream)
  }

  public func makeAsyncIterator() -> Iterator { Iterator(reader: self) }

  /// Batches are never empty. Cancelling the task that waits here cancels the reader. Throws when
  /// the server refuses the first login, or the reading (e.g. a key that is no stream).
  public struct Iterator: AsyncIteratorProtocol, Sendable {
    let reader: RedisStreamReader

    public func next() async throws(RedisError) -> [StreamEntry]? {
      try await reader.listener.mailbox.next()
    }

    public func next(isolation: isolated (any Actor)?) async throws(RedisError) -> [StreamEntry]? {
      try await reader.listener.mailbox.next()
    }
  }
}
