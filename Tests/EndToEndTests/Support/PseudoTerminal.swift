import Glibc
import Posix
import Testing

/// A program on a pseudo terminal, seen from the controlling side: the bytes that the program
/// writes, and the modes of the terminal.
final class PseudoTerminal {
  let child: Child
  private let master: Descriptor
  private let slave: Descriptor
  private(set) var output: [UInt8] = []
  /// The modes before the program was started.
  let modes: termios

  /// - Parameter columns: what the terminal says that it has; `environment` may say otherwise.
  init(
    _ arguments: [String], directory: String, columns: Int = 120, rows: Int = 30,
    environment: [String: String?] = [:]
  ) throws {
    var ends: (Int32, Int32) = (-1, -1)
    var size = winsize(
      ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    try #require(openpty(&ends.0, &ends.1, nil, nil, &size) == 0)
    let number = ends.1
    for end in [ends.0, number] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    master = Descriptor(owning: ends.0)
    slave = Descriptor(owning: number)
    var modes = termios()
    tcgetattr(number, &modes)
    self.modes = modes
    // A session of its own, which takes the terminal as its own.
    var request = SpawnRequest(
      "setsid", ["--ctty", Program.hflow] + arguments)
    request.directory = directory
    // As the leader of a group it would continue as another process.
    request.group = .inherited
    var changes = environment
    changes["TERM"] = changes["TERM"] ?? "xterm-256color"
    changes["TMUX"] = .some(nil)
    request.environment = Program.cleanEnvironment(changes)
    request.standardInput = .descriptor(number)
    request.standardOutput = .descriptor(number)
    request.standardError = .descriptor(number)
    child = try Child.spawn(request)
  }

  deinit {
    child.send(SIGKILL)
    _ = child.wait()
  }

  func type(_ text: String) throws { try DescriptorIO.write(text, to: master.number) }

  /// Reads the available bytes; returns everything that the program has written so far.
  @discardableResult
  func read() -> String {
    while Poll.wait(for: master.number, POLLIN, milliseconds: 0),
      let bytes = try? DescriptorIO.read(master.number), !bytes.isEmpty
    {
      output += bytes
    }
    return String(decoding: output, as: UTF8.self)
  }

  @discardableResult
  func waitFor(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> Bool {
    let isThere = eventually("shown: \(text)") { read().contains(text) }
    if !isThere { Issue.record("\(read().suffix(2000))", sourceLocation: sourceLocation) }
    return isThere
  }

  /// Whether the terminal has the modes that it had before the program.
  var hasModesOfBefore: Bool {
    var now = termios()
    guard tcgetattr(slave.number, &now) == 0 else { return false }
    return now.c_lflag == modes.c_lflag && now.c_iflag == modes.c_iflag
      && now.c_oflag == modes.c_oflag
  }

  /// Whether the terminal is restored: its modes, and everything that was turned on is off again.
  var isRestored: Bool {
    let text = read()
    func isOff(_ mode: String) -> Bool {
      guard let on = text.ranges(of: "\u{1B}[?\(mode)h").last else { return true }
      guard let off = text.ranges(of: "\u{1B}[?\(mode)l").last else { return false }
      return off.lowerBound > on.lowerBound
    }
    guard let hidden = text.ranges(of: "\u{1B}[?25l").last else { return false }
    let isCursorShown = text.ranges(of: "\u{1B}[?12l\u{1B}[?25h").last ?? hidden
    return hasModesOfBefore && ["1049", "2004", "1002", "1000", "1006"].allSatisfy(isOff)
      && isCursorShown.lowerBound > hidden.lowerBound
  }
}
