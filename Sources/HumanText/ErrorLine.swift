/// How well a line of output explains a failure.
///
/// | weight | what | example |
/// |---|---|---|
/// | `.exhausted` | a resource ran out | `write: No space left on device` |
/// | `.named` | the end of a traceback | `KeyError: 'x'`, `Caused by: …` |
/// | `.severe` | says that it is an error | `FATAL: …`, `error: …`, `[ERROR] …` |
/// | `.worded` | has a word for failing | `cannot open x`, `foo: not found` |
/// | `.none` | anything else, and what follows from an error | `make: *** Error 1`, `0 errors` |
package enum ErrorLine {
  package enum Severity: Int, Comparable, Sendable {
    case none, worded, severe, named, exhausted

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  /// The line that explains a failure: the last of those with the most weight.
  package static func explaining(_ lines: some Collection<String>) -> String? {
    var best: (line: String, weight: Severity)?
    for line in lines where line.utf8.contains(where: { $0 > 0x20 }) {
      let weight = weight(of: line)
      if weight >= best?.weight ?? .none { best = (line, weight) }
    }
    return best?.line
  }

  package static func weight(of line: String) -> Severity {
    let text = lowercased(line)
    if text.isEmpty || isHarmless(text) { return .none }
    if has(exhausted, text) { return .exhausted }
    if isNamed(text) { return .named }
    if has(severe, text) || isMarked(text) { return .severe }
    return has(worded, text) ? .worded : .none
  }

  // MARK: Words

  private static let exhausted = phrases([
    "no space left", "disk quota exceeded", "out of memory", "cannot allocate memory",
    "bad_alloc", "oom-kill", "too many open files", "outofmemoryerror", "memoryerror",
    "resource temporarily unavailable", "memory limit", "stack overflow",
  ])

  private static let severe = phrases([
    "fatal", "panic:", "panicked at", "segmentation fault", "assertion failed",
    "assertion `", "core dumped", "unhandled exception", "terminate called", "bus error",
    "floating point exception", "exception in ", "command not found",
  ])

  private static let marks = phrases([
    "error:", "error]", "error>", "exception:", "critical:", "critical]", "err!", "[error",
    "e: ", "error -", "error |",
  ])

  private static let worded = phrases([
    "error", "exception", "failed", "failure", "cannot ", "can't ", "could not ", "couldn't ",
    "unable to ", "not found", "no such file", "permission denied", "access denied", "killed",
    "aborted", "invalid ", "undefined ", "unrecognized ", "timed out", "refused", "truncated",
    "corrupt", "does not exist", "missing ", "illegal ",
  ])

  /// What sounds like an error and is none, or only reports one.
  private static let harmless = phrases([
    "0 error", "no error", "without error", "error rate", "errors: 0", "errors=0", "error: 0",
    "0 failed", "failed: 0", "no failure", "traceback (most recent", "execution halted",
    "non-zero exit", "nonzero exit", "exit status", "exit code", "exited with", "] error ",
    "during handling of the above", "direct cause of the following",
  ])

  /// Phrases by their first byte.
  private static func phrases(_ texts: [String]) -> [[[UInt8]]] {
    texts.reduce(into: [[[UInt8]]](repeating: [], count: 256)) { table, text in
      table[Int(text.utf8.first ?? 0)].append(Array(text.utf8))
    }
  }

  /// `10 errors` is not: its `0` is in the middle of a number.
  private static func isHarmless(_ text: [UInt8]) -> Bool { has(harmless, text) }

  private static func has(_ phrases: [[[UInt8]]], _ text: [UInt8]) -> Bool {
    place(phrases, text) != nil
  }

  /// Where one of the phrases begins, not within a word or after a hyphen.
  private static func place(_ phrases: [[[UInt8]]], _ text: [UInt8]) -> Int? {
    for start in text.indices {
      for phrase in phrases[Int(text[start])] {
        if start > 0, isWordPart(text[start]), isWordPart(text[start - 1]) { continue }
        if text[start...].starts(with: phrase) { return start }
      }
    }
    return nil
  }

  /// `error:`, `[error]`, `error in f(x) :`, `e: …`, and `npm err!`.
  private static func isMarked(_ text: [UInt8]) -> Bool {
    if has(marks, text) { return true }
    return text.starts(with: Array("error".utf8)) && !text.starts(with: Array("errors".utf8))
  }

  /// `keyerror: 'x'`, `java.io.ioexception: …`, `caused by: …`: a name that ends so, at the
  /// beginning of the line.
  private static func isNamed(_ text: [UInt8]) -> Bool {
    if text.starts(with: Array("caused by:".utf8)) { return true }
    let name = text.prefix { isWordPart($0) || $0 == UInt8(ascii: ".") }
    guard name.count < text.count ? text[name.count] == UInt8(ascii: ":") : true else {
      return false
    }
    return ["error", "exception", "interrupt"].contains { end in
      let end = Array(end.utf8)
      return name.count > end.count && name.suffix(end.count).elementsEqual(end)
    }
  }

  /// In lower case, without escape sequences and surrounding spaces; only the beginning of a
  /// long line.
  private static func lowercased(_ line: String) -> [UInt8] {
    var text: [UInt8] = []
    var isEscape = false
    for byte in line.utf8.prefix(600) {
      if byte == 0x1B {
        isEscape = true
      } else if isEscape {
        if (0x40...0x7E).contains(byte), byte != UInt8(ascii: "[") { isEscape = false }
      } else if byte > 0x20 || byte == 0x20 && !text.isEmpty {
        text.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
      }
    }
    while text.last == 0x20 { text.removeLast() }
    return text
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// A byte that continues a word; `--error` is an option.
  private static func isWordPart(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "_")
      || byte == UInt8(ascii: "-") || byte >= 0x80
  }
}
