import Posix
import Synchronization

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
    pace: ReadingPace = ReadingPace(), timeouts: RedisTimeouts = .standard
  ) {
    precondition(!streams.isEmpty, "a stream reader needs a stream")
    listener = Listener(url, capacity: 4, timeouts: timeouts)
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
    var watch = AnswerWatch(listener.timeouts)
    // The first read does not block, so that a refusal is known at once.
    var block: [any RedisArgument] = []
    let idle = listener.timeouts.idleMilliseconds
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
        listener.waitUnlessEnded(milliseconds: pace.milliseconds)
      }
    }
  }

  func lost(_ error: RedisError, for listener: Listener<[StreamEntry]>) {}

  /// `$` means the end at the first read, also for later connections.
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

/// An entry of a Redis stream.
public struct StreamEntry: Sendable {
  public let stream: String
  /// `<milliseconds>-<number>`
  public let id: String
  /// The fields in the order of XADD; names may repeat.
  public let fields: [(String, [UInt8])]

  public init(stream: String, id: String, fields: [(String, [UInt8])]) {
    self.stream = stream
    self.id = id
    self.fields = fields
  }

  /// The first field with this name.
  public subscript(name: String) -> [UInt8]? { fields.first { $0.0 == name }?.1 }

  /// The first field with this name as text; bytes that are not UTF-8 are repaired.
  public func string(_ name: String) -> String? {
    self[name].map { String(decoding: $0, as: UTF8.self) }
  }

  /// The entries of an XRANGE or XREVRANGE reply. Invalid entries are left out.
  public static func decode(_ reply: RedisValue, stream: String) -> [StreamEntry] {
    (reply.array ?? []).compactMap { entry in
      guard let parts = entry.array, parts.count == 2, let id = parts[0].string,
        let values = parts[1].array
      else { return nil }
      let fields = stride(from: 0, to: values.count - 1, by: 2).map {
        (values[$0].string ?? "", values[$0 + 1].bytes ?? [])
      }
      return StreamEntry(stream: stream, id: id, fields: fields)
    }
  }

  /// The entries of an XREAD reply, of several streams.
  public static func decodeRead(_ reply: RedisValue) -> [StreamEntry] {
    (reply.array ?? []).flatMap { part -> [StreamEntry] in
      guard let pair = part.array, pair.count == 2, let stream = pair[0].string else { return [] }
      return decode(pair[1], stream: stream)
    }
  }
}

/// The id of a stream entry, `<milliseconds>-<number>`.
public struct StreamID: Sendable, Hashable, Comparable, CustomStringConvertible {
  public var milliseconds: UInt64
  public var number: UInt64

  public init(milliseconds: UInt64, number: UInt64) {
    self.milliseconds = milliseconds
    self.number = number
  }

  /// `nil` for other text.
  public init?(parsing text: some StringProtocol) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
      .map { UInt64($0) }
    guard parts.count == 2, let milliseconds = parts[0], let number = parts[1] else { return nil }
    self.init(milliseconds: milliseconds, number: number)
  }

  public var description: String { "\(milliseconds)-\(number)" }

  /// The smallest id after this one.
  public var next: StreamID {
    number == .max
      ? StreamID(milliseconds: milliseconds + 1, number: 0)
      : StreamID(milliseconds: milliseconds, number: number + 1)
  }

  public static func < (left: StreamID, right: StreamID) -> Bool {
    (left.milliseconds, left.number) < (right.milliseconds, right.number)
  }
}

/// How often a `RedisStreamReader` reads: after each entry, or with a pause in which several
/// entries arrive. Any thread may change it.
public final class ReadingPace: Sendable {
  private let pause = Atomic(0)

  public init() {}

  /// The pause after each batch; 0 for none.
  public var milliseconds: Int {
    get { pause.load(ordering: .relaxed) }
    set { pause.store(newValue, ordering: .relaxed) }
  }
}
