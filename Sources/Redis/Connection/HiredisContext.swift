import CHiredis
import Glibc

/// The owner of a `redisContext`: connects, reads, and converts replies.
///
/// hiredis connects (names, several addresses, timeout) and parses. `RedisConnection` writes
/// itself, because hiredis writes without MSG_NOSIGNAL, and a server's death would kill this
/// process.
final class HiredisContext {
  enum Arrival {
    /// Some bytes; if the buffer was full, there may be more.
    case some(isFullBuffer: Bool)
    case nothing
    case end
    case failed(errno: Int32)
  }

  private let pointer: UnsafeMutablePointer<redisContext>
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)

  /// Throws `connect` with hiredis' reason.
  init(
    _ url: RedisURL, at endpoint: RedisURL.Endpoint, timeoutMilliseconds: Int
  ) throws(RedisError) {
    let milliseconds = max(1, timeoutMilliseconds)
    let limit = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
    let made =
      switch endpoint {
      case .tcp(let host, let port): redisConnectWithTimeout(host, Int32(port), limit)
      case .unix(let path): redisConnectUnixWithTimeout(path, limit)
      }
    guard let made else { throw RedisError(.connect, "out of memory", at: url.description) }
    pointer = made
    guard made.pointee.err == 0 else {
      throw RedisError(
        .connect, "cannot connect: \(failure)", at: url.description,
        advice: "check that it runs there and can be reached")
    }
    if case .tcp = endpoint {
      let patience = RedisTimeouts.standard
      chiredis_watch_peer(
        descriptor, Int32(patience.idleMilliseconds / 1000), Int32(patience.answerMilliseconds))
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  deinit {
    redisFree(pointer)
    buffer.deallocate()
  }

  var descriptor: Int32 { pointer.pointee.fd }

  /// Reads at most one buffer and passes it to the parser.
  func receive() -> Arrival {
    while true {
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      if count > 0 {
        redisReaderFeed(pointer.pointee.reader, buffer.baseAddress, count)
        return .some(isFullBuffer: count == buffer.count)
      }
      if count == 0 { return .end }
      if errno == EAGAIN { return .nothing }
      if errno != EINTR { return .failed(errno: errno) }
    }
  }

  /// The next complete reply; `nil` if there is none. Throws if the bytes are not Redis'
  /// protocol.
  func nextReply() throws(ProtocolFailure) -> RedisValue? {
    var reply: UnsafeMutableRawPointer?
    guard redisGetReplyFromReader(pointer, &reply) == REDIS_OK else {
      throw ProtocolFailure(reason: failure)
    }
    guard let reply else { return nil }
    defer { freeReplyObject(reply) }
    return value(reply.assumingMemoryBound(to: redisReply.self).pointee)
  }

  struct ProtocolFailure: Error { let reason: String }

  private func value(_ reply: redisReply) -> RedisValue {
    let bytes = UnsafeRawBufferPointer(start: reply.str, count: reply.str == nil ? 0 : reply.len)
    switch reply.type {
    case REDIS_REPLY_STRING: return .bytes(Array(bytes))
    case REDIS_REPLY_STATUS: return .status(String(decoding: bytes, as: UTF8.self))
    case REDIS_REPLY_ERROR: return .error(String(decoding: bytes, as: UTF8.self))
    case REDIS_REPLY_INTEGER: return .integer(Int(reply.integer))
    case REDIS_REPLY_ARRAY:
      let elements = UnsafeBufferPointer(start: reply.element, count: reply.elements)
      return .array(elements.map { $0.map { value($0.pointee) } ?? .null })
    default: return .null
    }
  }

  private var failure: String {
    withUnsafeBytes(of: &pointer.pointee.errstr) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
