internal import CNcurses
internal import Glibc
internal import Posix

/// A terminal that only prints lines and reads keys; or a pipe or file, then without keys.
package final class PlainTerminal: LineTerminal {
  private let before: termios?
  private let supportsPasteRequest: Bool
  private var isOpen = true
  private var input: InputReader
  private var reader = KeyReader()
  private var keys: [Key] = []

  package init() {
    let kind = TerminalKind { Environment[$0] }
    supportsPasteRequest = kind.supportsPasteRequest
    input = InputReader(marksPastes: kind.marksPastes)
    var modes = termios()
    before = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &modes) == 0 ? modes : nil
    guard before != nil else { return }
    CrashGuard.keepModes()
    CrashGuard.install(hasScreen: false, hasPastes: supportsPasteRequest)
    enterKeyMode()
  }

  deinit { close() }

  /// Whether a user can answer.
  package var hasKeys: Bool { before != nil }

  package func close() {
    guard isOpen else { return }
    isOpen = false
    restore()
    if before != nil { CrashGuard.remove() }
  }

  private func enterKeyMode() {
    guard var modes = before else { return }
    modes.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
    modes.c_iflag &= ~tcflag_t(IXON | ICRNL)
    CrashGuard.arm(modes)
    tcsetattr(STDIN_FILENO, TCSADRAIN, &modes)
    requestPasteMarks(true)
  }

  /// Output may go to a file or a pipe while keys come from a terminal.
  private func requestPasteMarks(_ on: Bool) {
    guard supportsPasteRequest else { return }
    let output = isatty(STDOUT_FILENO) == 1 ? STDOUT_FILENO : STDIN_FILENO
    try? DescriptorIO.write(String(cString: hf_paste_text(on ? 1 : 0)), to: output)
  }

  private func restore() {
    guard var modes = before else { return }
    requestPasteMarks(false)
    defer { CrashGuard.release() }
    tcsetattr(STDIN_FILENO, TCSADRAIN, &modes)
  }

  // MARK: Output

  /// A closed pipe does not end the program.
  package func write(_ text: String) { try? DescriptorIO.write(text, to: STDOUT_FILENO) }

  /// Only for a terminal.
  package func send(_ sequence: String) { if isatty(STDOUT_FILENO) == 1 { write(sequence) } }

  package func ringBell() { if hasKeys { send("\u{7}") } }

  package func suspend() { release { hf_stop_job() } }

  package func release(during body: () -> Void) {
    restore()
    body()
    enterKeyMode()
  }

  // MARK: Input

  /// -1 without a terminal: never readable.
  package var inputDescriptor: Int32 { hasKeys && !inputEnded ? STDIN_FILENO : -1 }
  package var inputEnded: Bool { hasKeys && input.hasEnded }
  package var inputDueAt: Int? { input.dueAt }

  package func nextInput() -> Input? {
    while keys.isEmpty, hasKeys {
      switch input.next() {
      case .keys(let bytes): keys = reader.keys(in: bytes)
      case .paste(let text): return .paste(text)
      case nil: return nil
      }
    }
    return keys.isEmpty ? nil : .key(keys.removeFirst())
  }
}
