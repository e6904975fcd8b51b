/// Which lines two attempts have in common: compared without times and dates, and only with
/// the lines near them, because a log may be long.
struct ComparedLines {
  /// How many lines before and after the visible ones are compared.
  private static let reach = 100

  private let texts: Set<String>

  /// The lines of a log near those that another one shows.
  init(_ viewport: LogViewport, near shown: [LogViewport.RowPosition]) {
    guard let first = shown.first?.index, let last = shown.last?.index else {
      texts = []
      return
    }
    let range = max(0, first - Self.reach)..<min(viewport.count, last + Self.reach)
    texts = Set(
      (range.isEmpty ? 0..<0 : range).compactMap { index in
        viewport.book.store[viewport.line(at: index)].map { row in
          Self.withoutTimes(of: viewport.book.styles.line(row.bytes).text)
        }
      })
  }

  func contains(_ text: String) -> Bool { texts.contains(Self.withoutTimes(of: text)) }

  /// The words of a line without times and dates: `12:03:11`, `[2024-05-01T12:03:11.5Z]`, `3.1s`.
  static func withoutTimes(of line: String) -> String {
    line.split(separator: " ").filter { !isTime($0.utf8) }.joined(separator: " ")
  }

  private static func isTime(_ word: Substring.UTF8View) -> Bool {
    var digits = 0
    var joints = 0
    var letters = 0
    for byte in word {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
      case UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "/"): joints += 1
      case UInt8(ascii: "T"), UInt8(ascii: "Z"), UInt8(ascii: "s"), UInt8(ascii: "m"): letters += 1
      case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"),
        UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "+"):
        break
      default: return false
      }
    }
    return digits > 0 && (joints >= 2 && digits >= 4 || joints == 0 && letters > 0)
  }
}
