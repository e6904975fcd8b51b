/// What a terminal sends besides plain keys, taken out of complete sequences of input bytes.
///
/// | bytes | meaning |
/// |---|---|
/// | `ESC [ ? 2026 ; N $ y` | the answer whether it can update synchronously: N from 1 to 3 |
/// | `ESC [ code ; modifiers u` | a key as kitty and tmux may send it |
/// | `ESC [ 27 ; modifiers ; code ~` | the same as xterm sends it |
/// | all others | passed on |
///
/// A key with Ctrl becomes its control character, with Alt an Escape and the character. Releases
/// of keys, and keys without a character, become nothing.
struct TerminalSequences: Equatable {
  /// Whether the terminal can update synchronously (mode 2026); `nil` until it answers.
  private(set) var isSynchronous: Bool?

  private static let escape: UInt8 = 0x1B
  private static let opener = UInt8(ascii: "[")

  /// The bytes for the reader of keys.
  mutating func plain(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(Self.escape) else { return bytes }
    var plain: [UInt8] = []
    var place = 0
    while place < bytes.count {
      guard bytes[place] == Self.escape, bytes[guarding: place + 1] == Self.opener,
        let end = bytes[(place + 2)...].firstIndex(where: { $0 >= 0x40 && $0 <= 0x7E })
      else {
        plain.append(bytes[place])
        place += 1
        continue
      }
      let body = String(decoding: bytes[(place + 2)..<end], as: UTF8.self)
      plain += replacement(body, final: bytes[end]) ?? Array(bytes[place...end])
      place = end + 1
    }
    return plain
  }

  /// The bytes that replace a sequence; `nil` if it stays.
  private mutating func replacement(_ body: String, final: UInt8) -> [UInt8]? {
    let numbers = body.split(separator: ";", omittingEmptySubsequences: false)
    switch final {
    case UInt8(ascii: "y") where body.hasPrefix("?2026;") && body.hasSuffix("$"):
      isSynchronous = ["1", "2", "3"].contains(numbers[1].dropLast())
      return []
    case UInt8(ascii: "u"):
      guard let code = numbers.first.flatMap(Self.number) else { return [] }
      return Self.key(code, modifiers: numbers[guarding: 1])
    case UInt8(ascii: "~") where numbers.count == 3 && numbers[0] == "27":
      return Self.key(Self.number(numbers[2]), modifiers: numbers[1])
    default: return nil
    }
  }

  /// `97:65` names a key and its shifted form; `5:3` modifiers and a release.
  private static func number(_ text: Substring) -> Int? { Int(text.prefix { $0 != ":" }) }

  private static func key(_ code: Int?, modifiers: Substring?) -> [UInt8] {
    let parts = (modifiers ?? "1").split(separator: ":")
    let bits = (parts.first.flatMap { Int($0) } ?? 1) - 1
    guard let code, parts[guarding: 1] != "3", let scalar = Unicode.Scalar(UInt32(max(0, code))),
      code < 0xE000 || code > 0xF8FF
    else { return [] }
    let (isShifted, isAlt, isControl) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0)
    if code == 9, isShifted { return Array("\u{1B}[Z".utf8) }
    var bytes = Array(String(Character(scalar)).utf8)
    if isControl {
      let upper = code & 0x5F
      guard code < 0x80, (0x41...0x5A).contains(upper) else { return [] }
      bytes = [UInt8(upper & 0x1F)]
    } else if isShifted, scalar.properties.isLowercase {
      bytes = Array(scalar.properties.uppercaseMapping.utf8)
    }
    return (isAlt ? [escape] : []) + bytes
  }
}
