internal import CNcurses
internal import Glibc
internal import Posix

/// Reads standard input, a terminal, without blocking.
struct InputReader {
  private var splitter: PasteSplitter
  private var chunks: [PasteSplitter.Chunk] = []
  /// Consecutive empty reads.
  private var emptyReads = 0

  private static let readLimit = 4096
  /// How many consecutive reads may complete nothing, as in a very long paste, before other work
  /// continues.
  private static let readsAtOnce = 64

  init(marksPastes: Bool) { splitter = PasteSplitter(marksPastes: marksPastes) }

  var hasEnded: Bool { emptyReads > 2 }
  /// When to read again without new input, on the monotonic clock.
  var dueAt: Int? { splitter.dueAt }

  mutating func next() -> PasteSplitter.Chunk? {
    if chunks.isEmpty { fill() }
    return chunks.isEmpty ? nil : chunks.removeFirst()
  }

  private mutating func fill() {
    for _ in 0..<Self.readsAtOnce where chunks.isEmpty {
      let now = Clock.monotonicMilliseconds
      guard hf_input_waiting() > 0 else {
        let isReadable = Poll.wait(for: STDIN_FILENO, POLLIN, milliseconds: 0)
        emptyReads = isReadable ? emptyReads + 1 : 0
        chunks = splitter.expire(at: now)
        return
      }
      emptyReads = 0
      let bytes = (try? DescriptorIO.read(STDIN_FILENO, limit: Self.readLimit)) ?? []
      chunks = splitter.split(bytes, at: now)
    }
  }
}

extension TerminalKind {
  /// Terminals that print unknown sequences instead of ignoring them.
  private var printsUnknown: Bool { name.isEmpty || name.begins(["dumb", "ansi", "cons", "vt52"]) }

  /// Whether to ask the terminal to mark pastes.
  var supportsPasteRequest: Bool { !printsUnknown }

  /// Whether it is known to mark pastes.
  var marksPastes: Bool {
    supportsPasteRequest && !name.begins(["linux", "vt"]) && multiplexer != .screen
  }
}

extension String {
  fileprivate func begins(_ with: [String]) -> Bool { with.contains { hasPrefix($0) } }
}

/// A key of the keyboard.
package enum Key: Hashable, Sendable {
  case character(Character)
  case control(Character)
  case alt(Character)
  case up, down, left, right, pageUp, pageDown, home, end
  case enter, escape, tab, backTab, backspace, delete
  case function(Int)
}

/// Input from the terminal.
package enum Input: Hashable, Sendable {
  case key(Key)
  case click(Point)
  /// The pointer moved with its button pressed.
  case drag(Point)
  case release(Point)
  /// Pasted text, without line breaks and control characters. It never acts.
  case paste(String)
  /// Rows; negative means up.
  case wheel(Point, rows: Int)
}
