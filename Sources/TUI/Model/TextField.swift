/// A text field of one line.
struct TextField: Equatable, Sendable {
  static let limit = 500

  private(set) var text: String
  /// The number of characters before the cursor.
  private(set) var cursor: Int
  /// Whether the whole text is selected: typing replaces it, moving keeps it.
  private(set) var isSelected = false

  init(_ text: String = "", isSelected: Bool = false) {
    self.text = text
    cursor = text.count
    self.isSelected = isSelected && !text.isEmpty
  }

  /// Handles a key. Returns whether the field uses it.
  mutating func handle(_ key: Key) -> Bool {
    if isSelected {
      switch key {
      case .character, .backspace, .delete, .control("w"): self = TextField()
      default: isSelected = false
      }
      if [.backspace, .delete, .control("w")].contains(key) { return true }
    }
    switch key {
    case .character(let character): insert(character)
    case .backspace: remove(from: cursor - 1, to: cursor)
    case .delete: remove(from: cursor, to: cursor + 1)
    case .left: cursor = max(0, cursor - 1)
    case .right: cursor = min(text.count, cursor + 1)
    case .home, .control("a"): cursor = 0
    case .end, .control("e"): cursor = text.count
    case .control("u"): remove(from: 0, to: cursor)
    case .control("k"): remove(from: cursor, to: text.count)
    case .control("w"): remove(from: startOfWord, to: cursor)
    default: return false
    }
    return true
  }

  static let isFull = "a field holds \(limit) characters"

  /// Returns whether all of the text fitted.
  mutating func insert(_ text: String) -> Bool {
    if isSelected { self = TextField() }
    let part = String(String.UnicodeScalarView(text.unicodeScalars.prefix(4 * Self.limit)))
      .prefix(max(0, Self.limit - self.text.count))
    self.text.insert(
      contentsOf: part, at: self.text.index(self.text.startIndex, offsetBy: cursor))
    cursor = min(cursor + part.count, self.text.count)
    return part.unicodeScalars.count == text.unicodeScalars.count
  }

  private mutating func insert(_ character: Character) {
    guard text.count < Self.limit else { return }
    text.insert(character, at: text.index(text.startIndex, offsetBy: cursor))
    // A combining mark joins the previous character.
    cursor = min(cursor + 1, text.count)
  }

  private mutating func remove(from start: Int, to end: Int) {
    let (start, end) = (max(0, start), min(end, text.count))
    guard start < end else { return }
    let first = text.index(text.startIndex, offsetBy: start)
    text.removeSubrange(first..<text.index(first, offsetBy: end - start))
    cursor = start
  }

  private var startOfWord: Int {
    let before = Array(text.prefix(cursor))
    let end = before.lastIndex { $0 != " " } ?? -1
    guard end >= 0 else { return 0 }
    return (before[..<end].lastIndex(of: " ") ?? -1) + 1
  }
}
