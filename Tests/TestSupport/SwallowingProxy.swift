import Dispatch
import Glibc
import Posix
import Synchronization

/// A network between a program and a Redis that can drop all bytes of its connections without
/// closing them.
public final class SwallowingProxy: Sendable {
  /// The port on 127.0.0.1.
  public let port: Int

  private struct Link {
    let client: Int32
    let server: Int32
    var isSwallowed = false
    var isEnded = false
  }

  private struct State {
    var links: [Link] = []
    var swallowsNew = false
    var isStopped = false
  }

  private let listener: Descriptor
  private let wake: Pipe
  private let socketPath: String
  private let state = Mutex(State())
  private let hasEnded = DispatchSemaphore(value: 0)

  /// `socketPath` is the socket of the Redis.
  public init(to socketPath: String) throws {
    self.socketPath = socketPath
    wake = try Pipe(nonblocking: true)
    let listener = Descriptor(
      owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0))
    let number = listener.number
    port = try Self.listen(number)
    self.listener = listener
    let loop = Loop(
      listener: number, wake: wake.readEnd.number, connect: { Self.connect(socketPath) })
    DispatchQueue(label: "test-proxy").async { [self] in
      while !state.withLock({ $0.isStopped }) { turn(loop) }
      hasEnded.signal()
    }
  }

  /// Ends the connections, too. The proxy lives until then.
  public func stop() {
    state.withLock { $0.isStopped = true }
    _ = write(wake.writeEnd.number, [1], 1)
    hasEnded.wait()
    for link in state.withLock({ $0.links }) {
      close(link.client)
      close(link.server)
    }
  }

  /// Drops all bytes of the existing connections; later connections work.
  public func swallow() {
    state.withLock { state in
      for index in state.links.indices { state.links[index].isSwallowed = true }
    }
  }

  /// How many connections were made so far.
  public var connectionCount: Int { state.withLock { $0.links.count } }

  private struct Loop: Sendable {
    let listener: Int32
    let wake: Int32
    let connect: @Sendable () -> Int32?
  }

  private func turn(_ loop: Loop) {
    let links = state.withLock { $0.links.enumerated().filter { !$0.element.isEnded } }
    var entries = [loop.listener, loop.wake].map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    for (_, link) in links {
      entries.append(pollfd(fd: link.client, events: Int16(POLLIN), revents: 0))
      entries.append(pollfd(fd: link.server, events: Int16(POLLIN), revents: 0))
    }
    _ = Poll.wait(&entries, milliseconds: -1)
    if entries[0].revents != 0 { accept(loop) }
    for (place, (index, link)) in links.enumerated() {
      let (client, server) = (entries[2 + 2 * place], entries[3 + 2 * place])
      if client.revents != 0 { pass(index, from: link.client, to: link.server) }
      if server.revents != 0 { pass(index, from: link.server, to: link.client) }
    }
  }

  private func accept(_ loop: Loop) {
    let client = Glibc.accept(loop.listener, nil, nil)
    guard client >= 0 else { return }
    guard let server = loop.connect() else {
      close(client)
      return
    }
    state.withLock { $0.links.append(Link(client: client, server: server)) }
  }

  private func pass(_ index: Int, from source: Int32, to target: Int32) {
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = read(source, &bytes, bytes.count)
    let isSwallowed = state.withLock { $0.links[index].isSwallowed }
    if count > 0 {
      if !isSwallowed { try? DescriptorIO.write(Array(bytes[..<count]), to: target) }
      return
    }
    state.withLock { $0.links[index].isEnded = true }
    // The end of a connection whose bytes are dropped does not reach the other side, either.
    if !isSwallowed { shutdown(target, Int32(SHUT_RDWR)) }
  }

  private static func listen(_ number: Int32) throws -> Int {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(number, $0, length) + Glibc.listen(number, 64) + getsockname(number, $0, &length)
      }
    }
    guard code == 0 else { throw PosixError("listen") }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  private static func connect(_ path: String) -> Int32? {
    let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    if code == 0 { return number }
    close(number)
    return nil
  }
}
