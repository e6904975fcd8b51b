import JobProtocol
import Redis

/// What Redis keeps of the output of jobs, in portions that neither side notices.
struct LogBacklog: Sendable {
  /// Up to 2 MB.
  static let pageSize = 64

  let redis: RedisClient

  struct Page: Sendable {
    var chunks: [LogChunk]
    /// Where the next page begins; `nil` after the last one.
    var next: String?
    /// The last entry that was read.
    var last: String?
  }

  /// What stands behind an entry, from the oldest on where there is none.
  func page(_ key: String, after id: String?) async throws(RedisError) -> Page {
    let reply = try await redis.call(
      RedisCommand("XRANGE", key, id.map { "(\($0)" } ?? "-", "+", "COUNT", Self.pageSize),
      retry: .always)
    let entries = RedisStreamReader.decodeRange(reply, stream: key)
    let last = entries.last?.id
    return Page(
      chunks: Self.chunks(in: entries), next: entries.count < Self.pageSize ? nil : last,
      last: last ?? id)
  }

  /// The last chunks of each of several jobs, with the last entry's id.
  func tails(_ keys: [String], count: Int) async throws(RedisError) -> [Page] {
    guard !keys.isEmpty else { return [] }
    let replies = try await redis.run(
      keys.map { RedisCommand("XREVRANGE", $0, "+", "-", "COUNT", count) }, retry: .always)
    return zip(keys, replies).map { key, reply in
      let entries = RedisStreamReader.decodeRange(reply, stream: key)
      return Page(
        chunks: Self.chunks(in: entries.reversed()), next: nil, last: entries.first?.id)
    }
  }

  private static func chunks(in entries: [StreamEntry]) -> [LogChunk] {
    entries.compactMap { $0["c"].flatMap(LogChunk.init(encoded:)) }
  }
}
