import Dispatch
import Glibc
import Posix
import Synchronization

/// Stands between executors and a Redis on a socket, and can hold back the answers of Redis on a
/// connection that has sent a certain command, or close such a connection.
final class HoldingProxy: Sendable {
  private struct Line {
    let client: Int32
    let server: Int32
    var asked: [UInt8] = []
    var kept: [UInt8] = []
    var isCut = false
  }

  private struct State {
    var lines: [Line] = []
    var heldWord: String?
    var isOver = false
  }

  let path: String
  private let target: String
  private let state = Mutex(State())
  private let wake: Pipe

  /// Listens at `path` and forwards to the socket `target`.
  init(path: String, target: String) throws {
    self.path = path
    self.target = target
    wake = try Pipe(nonblocking: true)
    let listener = try Self.socket(path) { bind($0, $1, $2) }
    listen(listener, 20)
    DispatchQueue(label: "proxy").async { self.serve(listener) }
  }

  /// Answers on connections that send this from now on are held back; `nil` releases them.
  func hold(_ word: String?) {
    state.withLock { $0.heldWord = word }
    _ = write(wake.writeEnd.number, "x", 1)
  }

  /// Whether an answer is held back.
  var isHolding: Bool { state.withLock { $0.lines.contains { !$0.kept.isEmpty } } }

  /// Closes the connections that have sent this.
  func cut(_ word: String) {
    state.withLock { state in
      for place in state.lines.indices where Self.has(state.lines[place].asked, word) {
        state.lines[place].isCut = true
      }
    }
    _ = write(wake.writeEnd.number, "x", 1)
  }

  func stop() {
    state.withLock { $0.isOver = true }
    _ = write(wake.writeEnd.number, "x", 1)
  }

  private static func has(_ bytes: [UInt8], _ word: String) -> Bool {
    String(decoding: bytes, as: UTF8.self).contains(word)
  }

  private static func socket(
    _ path: String, _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws -> Int32 {
    let number = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { use(number, $0, size) }
    }
    guard code == 0 else { throw PosixError("socket", path) }
    return number
  }

  private func serve(_ listener: Int32) {
    while !state.withLock({ $0.isOver }) {
      let lines = state.withLock { $0.lines }
      let numbers = [listener, wake.readEnd.number] + lines.flatMap { [$0.client, $0.server] }
      var entries = numbers.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      _ = Poll.wait(&entries, milliseconds: -1)
      if entries[1].revents != 0 { _ = try? DescriptorIO.read(wake.readEnd.number) }
      if entries[0].revents != 0 { acceptOne(listener) }
      let ready = Set(entries.dropFirst(2).filter { $0.revents != 0 }.map(\.fd))
      state.withLock { state in
        for place in state.lines.indices { Self.move(&state, place, ready) }
        for line in state.lines where line.isCut {
          close(line.client)
          close(line.server)
        }
        state.lines.removeAll { $0.isCut }
      }
    }
    close(listener)
    for line in state.withLock({ $0.lines }) {
      close(line.client)
      close(line.server)
    }
  }

  private func acceptOne(_ listener: Int32) {
    let client = accept(listener, nil, nil)
    guard client >= 0, let server = try? Self.socket(target, { connect($0, $1, $2) }) else {
      close(client)
      return
    }
    state.withLock { $0.lines.append(Line(client: client, server: server)) }
  }

  private static func move(_ state: inout State, _ place: Int, _ ready: Set<Int32>) {
    let (client, server) = (state.lines[place].client, state.lines[place].server)
    if ready.contains(client) {
      let bytes = (try? DescriptorIO.read(client)) ?? []
      state.lines[place].asked += bytes
      if bytes.isEmpty { state.lines[place].isCut = true }
      try? DescriptorIO.write(bytes, to: server)
    }
    if ready.contains(server) {
      let bytes = (try? DescriptorIO.read(server)) ?? []
      if bytes.isEmpty { state.lines[place].isCut = true }
      state.lines[place].kept += bytes
    }
    let isHeld = state.heldWord.map { has(state.lines[place].asked, $0) } ?? false
    guard !isHeld, !state.lines[place].isCut else { return }
    try? DescriptorIO.write(state.lines[place].kept, to: client)
    state.lines[place].kept = []
  }
}
