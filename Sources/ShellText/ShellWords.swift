/// Splits words as a POSIX shell does: spaces, quotes, backslashes. Nothing is expanded: `$x`,
/// `*` and `|` remain text.
public enum ShellWords {
  /// `nil` if a quote is not closed.
  public static func split(_ line: String) -> [String]? {
    var words: [String] = []
    var word: [UInt8]?
    func append(_ more: some Sequence<UInt8>) {
      if word == nil { word = [] }
      word?.append(contentsOf: more)
    }
    var bytes = line.utf8.makeIterator()
    while let byte = bytes.next() {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        if let finished = word { words.append(String(decoding: finished, as: UTF8.self)) }
        word = nil
      case UInt8(ascii: "'"), UInt8(ascii: "\""):
        guard let quoted = quoted(until: byte, &bytes) else { return nil }
        append(quoted)
      case UInt8(ascii: "\\"):
        append([bytes.next() ?? byte])
      default:
        append(CollectionOfOne(byte))
      }
    }
    if let finished = word { words.append(String(decoding: finished, as: UTF8.self)) }
    return words
  }

  private static func quoted(
    until quote: UInt8, _ bytes: inout String.UTF8View.Iterator
  ) -> [UInt8]? {
    var content: [UInt8] = []
    while let byte = bytes.next() {
      if byte == quote { return content }
      guard byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") else {
        content.append(byte)
        continue
      }
      guard let escaped = bytes.next() else { return nil }
      if !"\"\\$`".utf8.contains(escaped) { content.append(byte) }
      content.append(escaped)
    }
    return nil
  }

  /// The word, quoted for a shell if necessary.
  public static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
        true
      default: "-_./:=+,@%^".utf8.contains(byte)
      }
    }
    if plain, !word.isEmpty { return word }
    return "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
