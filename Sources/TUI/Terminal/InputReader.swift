internal import CNcurses
internal import Glibc
internal import Posix

/// Reads standard input, a terminal, without waiting.
struct InputReader {
  private var splitter: PasteSplitter
  private var pieces: [PasteSplitter.Piece] = []
  /// Times in a row that there was something to read, and it was nothing.
  private var emptyReads = 0

  private static let readLimit = 4096
  /// Reads in a row that complete nothing, as in a very long paste: others have their turn then.
  private static let readsAtOnce = 64

  init(marksPastes: Bool) { splitter = PasteSplitter(marksPastes: marksPastes) }

  var hasEnded: Bool { emptyReads > 2 }
  /// When to ask again although nothing can be read, on the monotonic clock.
  var dueAt: Int? { splitter.dueAt }

  mutating func next() -> PasteSplitter.Piece? {
    if pieces.isEmpty { fill() }
    return pieces.isEmpty ? nil : pieces.removeFirst()
  }

  private mutating func fill() {
    for _ in 0..<Self.readsAtOnce where pieces.isEmpty {
      let now = Clock.monotonicMilliseconds
      guard hf_input_waiting() > 0 else {
        let isReadable = Poll.wait(for: STDIN_FILENO, POLLIN, milliseconds: 0)
        emptyReads = isReadable ? emptyReads + 1 : 0
        pieces = splitter.expire(at: now)
        return
      }
      emptyReads = 0
      let bytes = (try? DescriptorIO.read(STDIN_FILENO, limit: Self.readLimit)) ?? []
      pieces = splitter.split(bytes, at: now)
    }
  }
}

extension TerminalKind {
  /// Terminals that print what they do not know, instead of ignoring it.
  private var printsUnknown: Bool { name.isEmpty || name.begins(["dumb", "ansi", "cons", "vt52"]) }

  /// Whether the terminal may be asked to mark what is pasted.
  var takesPasteRequest: Bool { !printsUnknown }

  /// Whether it is known to do so when asked.
  var marksPastes: Bool {
    takesPasteRequest && !name.begins(["linux", "vt"]) && multiplexer != .screen
  }
}

extension String {
  fileprivate func begins(_ with: [String]) -> Bool { with.contains { hasPrefix($0) } }
}
