import JobProtocol
import Redis

/// Reads the output of jobs from their streams, in portions. Output from before a watcher came and
/// output that is written now differ only in where the reading starts.
struct LogStreams: Sendable {
  enum Start: Sendable, Equatable {
    /// The oldest chunk that is kept.
    case beginning
    /// The chunk after an entry.
    case after(StreamID)
    /// The chunk of an entry, or the next one.
    case from(StreamID)
    /// The latest chunks, as many as a portion has.
    case newest
  }

  struct Portion: Sendable {
    var chunks: [LogChunk]
    /// The last entry that was read.
    var last: StreamID?
    /// Whether there may be more.
    var isFull: Bool
  }

  /// The chunks of a portion: up to 2 MB.
  static let portionSize = 64

  let redis: RedisClient

  /// A portion of each, in one round trip.
  func read(
    _ logs: [(key: String, start: Start)], count: Int = Self.portionSize
  ) async throws(RedisError) -> [Portion] {
    guard !logs.isEmpty else { return [] }
    let replies = try await redis.run(
      logs.map { Self.command($0.key, $0.start, count) }, retry: .always)
    return zip(logs, replies).map { log, reply in
      var entries = StreamEntry.decode(reply, stream: log.key)
      if log.start == .newest { entries.reverse() }
      return Portion(
        chunks: entries.compactMap { $0["c"].flatMap(LogChunk.init(encoded:)) },
        last: entries.last.flatMap { StreamID(parsing: $0.id) },
        isFull: log.start != .newest && entries.count >= count)
    }
  }

  /// All that is kept of one log.
  func readAll(_ key: String) async throws(RedisError) -> [LogChunk] {
    var chunks: [LogChunk] = []
    var start = Start.beginning
    while true {
      let portion = try await read([(key, start)])[0]
      chunks += portion.chunks
      guard portion.isFull, let last = portion.last else { return chunks }
      start = .after(last)
    }
  }

  private static func command(_ key: String, _ start: Start, _ count: Int) -> RedisCommand {
    let begin =
      switch start {
      case .beginning: "-"
      case .after(let id): "(\(id)"
      case .from(let id): "\(id)"
      case .newest: ""
      }
    return start == .newest
      ? RedisCommand("XREVRANGE", key, "+", "-", "COUNT", count)
      : RedisCommand("XRANGE", key, begin, "+", "COUNT", count)
  }
}
