internal import CPosix
import Glibc

/// Answers GET requests of HTTP with text, one after the other: for programs that ask now and then,
/// such as Prometheus.
public struct TextServer: ~Copyable, Sendable {
  private let socket: Descriptor
  /// The port, also if the system has chosen it.
  public let port: Int

  /// How long a client may take for its request, and for the answer.
  private static let timeoutSeconds = 2
  private static let longestRequest = 8192

  /// - Parameters:
  ///   - address: an IPv4 address of this host.
  ///   - port: 0 lets the system choose.
  public init(address: String, port: Int) throws(PosixError) {
    let subject = "\(address):\(port)"
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    guard inet_pton(AF_INET, address, &place.sin_addr) == 1, let number = UInt16(exactly: port)
    else {
      throw PosixError("listen at", subject, code: EINVAL, because: "no IPv4 address and port")
    }
    place.sin_port = number.bigEndian
    let descriptor = Glibc.socket(
      AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { throw PosixError("listen at", subject) }
    let socket = Descriptor(owning: descriptor)
    var on: Int32 = 1
    setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        bind(descriptor, place, length) == 0 && listen(descriptor, 16) == 0
          && getsockname(descriptor, place, &length) == 0
      }
    }
    guard code else { throw PosixError("listen at", subject) }
    self.socket = socket
    self.port = Int(UInt16(bigEndian: place.sin_port))
  }

  /// Answers one request, or returns after a while without one. `text` gets the path, and is `nil`
  /// for one that does not exist. Returns whether a text was sent.
  public borrowing func serve(
    within milliseconds: Int, type: String = "text/plain; version=0.0.4; charset=utf-8",
    _ text: (String) -> String?
  ) -> Bool {
    guard Poll.wait(for: socket.number, POLLIN, milliseconds: milliseconds) else { return false }
    let number = accept(socket.number, nil, nil)
    guard number >= 0 else { return false }
    let client = Descriptor(owning: number)
    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    var limit = timeval(tv_sec: Self.timeoutSeconds, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(number, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    let path = Self.path(of: client.number)
    let body = path.flatMap(text)
    let status = path == nil ? "400 Bad Request" : body == nil ? "404 Not Found" : "200 OK"
    let bytes = Array((body ?? "\(status)\n").utf8)
    let head =
      "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(bytes.count)\r\n"
      + "Connection: close\r\n\r\n"
    return Self.send(Array(head.utf8) + bytes, to: client.number) && body != nil
  }

  /// The path of a GET request; `nil` for anything else.
  private static func path(of client: Int32) -> String? {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1024)
    let deadline = Clock.monotonicMilliseconds + timeoutSeconds * 1000
    let end = Array("\r\n\r\n".utf8)
    while bytes.suffix(4) != end[...] {
      let count = recv(client, &chunk, chunk.count, 0)
      guard count > 0, bytes.count < longestRequest, Clock.monotonicMilliseconds < deadline else {
        return nil
      }
      bytes += chunk[..<count]
    }
    let words = String(decoding: bytes, as: UTF8.self).split(
      separator: "\r\n", maxSplits: 1)[0].split(separator: " ")
    guard words.count == 3, words[0] == "GET", words[2].hasPrefix("HTTP/1.") else { return nil }
    return words[1].split(separator: "?", maxSplits: 1).first.map(String.init)
  }

  private static func send(_ bytes: [UInt8], to client: Int32) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let count = bytes[offset...].withUnsafeBytes {
        Glibc.send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      offset += count
    }
    return true
  }
}
