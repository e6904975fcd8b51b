import CHiredis
import Glibc
import Posix

/// The owner of a `redisContext`: connects, reads, writes, and converts replies.
///
/// hiredis connects and parses. Names are looked up by `HostLookup`, because hiredis waits for the
/// resolver without a limit. Reads and writes are ours: hiredis knows no TLS, and it writes without
/// MSG_NOSIGNAL, so a server's death would kill this process.
final class HiredisContext {
  enum Arrival {
    case some(mayBeMore: Bool)
    case nothing
    case end
    case failed(errno: Int32)
    case refused(TLSFailure)
  }

  private let pointer: UnsafeMutablePointer<redisContext>
  private var tls: TLSSession?
  /// Large enough for a whole TLS record, which has at most 16 KiB.
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)

  /// Connects to a host or a socket. Throws `connect` with hiredis' reason, or `tls`.
  init(
    _ url: RedisURL, at endpoint: RedisURL.Endpoint, timeoutMilliseconds: Int,
    interruptDescriptor: Int32 = -1
  ) throws(RedisError) {
    let deadline = Clock.monotonicMilliseconds + timeoutMilliseconds
    switch endpoint {
    case .tcp(let host, let port):
      let addresses = try Self.addresses(of: host, for: url, until: deadline, interruptDescriptor)
      pointer = try Self.connect(to: addresses, port, for: url, until: deadline)
    case .unix(let path):
      pointer = try Self.connected(
        redisConnectUnixWithTimeout(path, Self.time(until: deadline)), for: url)
    case .sentinel: preconditionFailure("the sentinels say first which host to connect to")
    }
    if case .tcp = endpoint {
      let timeouts = RedisTimeouts.standard
      chiredis_watch_peer(
        descriptor, Int32(timeouts.idleMilliseconds / 1000), Int32(timeouts.answerMilliseconds))
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    try url.checkPeer(of: descriptor)
    guard let files = url.tls else { return }
    do throws(TLSFailure) {
      try startTLS(files, endpoint, until: deadline, interruptDescriptor)
    } catch {
      throw error.error(at: url.description)
    }
  }

  private static func addresses(
    of host: String, for url: RedisURL, until deadline: Int, _ interruptDescriptor: Int32
  ) throws(RedisError) -> [String] {
    let milliseconds = max(1, deadline - Clock.monotonicMilliseconds)
    let answer = HostLookup.shared.addresses(
      of: host, milliseconds: milliseconds, interruptDescriptor: interruptDescriptor)
    switch answer {
    case .addresses(let addresses): return addresses
    case .failed(let reason):
      throw RedisError(
        .connect, "cannot connect: \(reason)", at: url.description,
        advice: "check the name of the host")
    case .late:
      throw RedisError(
        .connect, "cannot connect: the name server has not answered in time",
        at: url.description, advice: "check the network, or give an IP address")
    case .interrupted:
      throw RedisError(
        .closed, "the connection was closed on this side", at: url.description)
    }
  }

  /// Tries one address after the other. Each gets an equal share of the time that is left.
  private static func connect(
    to addresses: [String], _ port: Int, for url: RedisURL, until deadline: Int
  ) throws(RedisError) -> UnsafeMutablePointer<redisContext> {
    var failure = RedisError(.connect, "the host has no address", at: url.description)
    for (index, address) in addresses.enumerated() {
      let limit = time(until: deadline, shares: addresses.count - index)
      do throws(RedisError) {
        return try connected(redisConnectWithTimeout(address, Int32(port), limit), for: url)
      } catch {
        failure = error
      }
    }
    throw failure
  }

  private static func connected(
    _ context: UnsafeMutablePointer<redisContext>?, for url: RedisURL
  ) throws(RedisError) -> UnsafeMutablePointer<redisContext> {
    guard let context else { throw RedisError(.connect, "out of memory", at: url.description) }
    guard context.pointee.err != 0 else { return context }
    defer { redisFree(context) }
    throw RedisError(
      .connect, "cannot connect: \(errorText(context))", at: url.description,
      advice: "check that it runs there and can be reached")
  }

  private static func time(until deadline: Int, shares: Int = 1) -> timeval {
    let milliseconds = max(1, (deadline - Clock.monotonicMilliseconds) / shares)
    return timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
  }

  deinit {
    // Closing the session still writes a last record to the socket.
    tls = nil
    redisFree(pointer)
    buffer.deallocate()
  }

  var descriptor: Int32 { pointer.pointee.fd }

  /// The time of the handshake counts towards the connection timeout.
  private func startTLS(
    _ files: RedisTLS, _ endpoint: RedisURL.Endpoint, until deadline: Int,
    _ interruptDescriptor: Int32
  ) throws(TLSFailure) {
    var name = files.name ?? ""
    if name.isEmpty, case .tcp(let host, _) = endpoint { name = host }
    guard !name.isEmpty else {
      throw TLSFailure(text: "the name in the certificate is missing", advice: "add ?tls=NAME")
    }
    let session = try TLSSession(on: descriptor, to: name, files)
    while let events = try session.handshake() {
      let left = deadline - Clock.monotonicMilliseconds
      var entries = [
        pollfd(fd: descriptor, events: Int16(events), revents: 0),
        pollfd(fd: interruptDescriptor, events: Int16(POLLIN), revents: 0),
      ]
      if left <= 0 || Poll.wait(&entries, milliseconds: left) == 0 {
        throw TLSFailure(
          text: "no end of the TLS handshake in time",
          advice: "check the network, and that TLS is on at this port", isConnectionLoss: true)
      }
      if entries[1].revents != 0 {
        throw TLSFailure(
          text: "the connection was closed on this side", advice: "", isConnectionLoss: true)
      }
    }
    tls = session
  }

  /// Writes what is possible without blocking.
  func transmit(_ bytes: UnsafeRawBufferPointer) -> Transfer {
    if let tls { return tls.write(bytes) }
    let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
    return count >= 0 ? .bytes(count) : Self.failure
  }

  private func read() -> Transfer {
    if let tls { return tls.read(into: buffer) }
    let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
    if count == 0 { return .end }
    return count > 0 ? .bytes(count) : Self.failure
  }

  private static var failure: Transfer {
    errno == EAGAIN || errno == EINTR ? .later : .failed(errno: errno)
  }

  /// Reads at most one buffer and passes it to the parser.
  func receive() -> Arrival {
    switch read() {
    case .bytes(let count):
      redisReaderFeed(pointer.pointee.reader, buffer.baseAddress, count)
      return .some(mayBeMore: tls != nil || count == buffer.count)
    case .later: return .nothing
    case .end: return .end
    case .failed(let code): return .failed(errno: code)
    case .refused(let failure): return .refused(failure)
    }
  }

  /// The next complete reply; `nil` if there is none. Throws if the bytes are not Redis'
  /// protocol.
  func nextReply() throws(ProtocolFailure) -> RedisValue? {
    var reply: UnsafeMutableRawPointer?
    guard redisGetReplyFromReader(pointer, &reply) == REDIS_OK else {
      throw ProtocolFailure(reason: Self.errorText(pointer))
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

  private static func errorText(_ context: UnsafeMutablePointer<redisContext>) -> String {
    withUnsafeBytes(of: &context.pointee.errstr) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
