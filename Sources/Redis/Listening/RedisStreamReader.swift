import Posix

/// Follows streams on a connection of its own, for one consumer, without polling and without
/// gaps: after a reconnect it continues after the last entry.
public final class RedisStreamReader: AsyncSequence, Sendable {
  public typealias Element = [StreamEntry]
  public typealias Failure = RedisError

  private let listener: Listener<[StreamEntry]>

  /// Starts at once. `streams` maps each stream to the id after which to read: `0` for
  /// everything, `$` for new entries only, else an entry's id. `count` limits the entries of
  /// each stream in a batch. A slow consumer stops the reading after a few batches.
  public init(
    _ url: RedisURL, streams: [(name: String, after: String)], count: Int = 1000,
    pace: ReadingPace = ReadingPace(), patience: RedisTimeouts = .standard
  ) {
    precondition(!streams.isEmpty, "a stream reader needs a stream")
    listener = Listener(url, capacity: 4, patience: patience)
    listener.start(StreamSession(streams: streams, count: count, pace: pace))
  }

  deinit { cancel() }

  /// The states of the connection.
  public var states: AsyncStream<RedisState> { listener.states.stream() }

  /// Ends the sequence and the connection at once.
  public func cancel() { listener.queue.cancel() }

  /// The entries of an XRANGE reply.
  public static func decodeRange(_ reply: RedisValue, stream: String) -> [StreamEntry] {
    StreamEntry.decode(reply, stream: stream)
  }

  public func makeAsyncIterator() -> Iterator { Iterator(reader: self) }

  /// Batches are never empty. Cancelling the waiting task cancels the reader. Throws if the
  /// server refuses the first login, or the reading (for example if a key is not a stream).
  public struct Iterator: AsyncIteratorProtocol, Sendable {
    let reader: RedisStreamReader

    public func next() async throws(RedisError) -> [StreamEntry]? {
      try await reader.listener.next()
    }

    public func next(isolation: isolated (any Actor)?) async throws(RedisError) -> [StreamEntry]? {
      try await reader.listener.next()
    }
  }
}
