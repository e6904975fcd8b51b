import JobProtocol
import Redis

/// The output of jobs that Redis has, read in pages that keep neither side busy for long.
struct LogBacklog: Sendable {
  /// The size of a page in entries. A page has up to 2 MB.
  static let pageSize = 64

  let redis: RedisClient

  struct Page: Sendable {
    var chunks: [LogChunk]
    /// The entry after which the next page begins; `nil` after the last page.
    var next: String?
    /// The last entry that was read.
    var last: String?
  }

  /// The page after an entry; the oldest page if `id` is `nil`.
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

  /// The last chunks of each of several jobs, with the id of the last entry.
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
