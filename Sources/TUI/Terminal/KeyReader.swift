/// Converts bytes of a terminal to keys, without ncurses: UTF-8 letters, control characters,
/// and the common escape sequences.
struct KeyReader {
  private var pending: [UInt8] = []

  /// The keys in these bytes. A sequence may be incomplete; a final Escape is the key.
  mutating func keys(in bytes: [UInt8]) -> [Key] {
    pending += bytes
    var keys: [Key] = []
    var place = 0
    while place < pending.count {
      guard let (key, length) = Self.first(in: pending[place...]) else { break }
      if let key { keys.append(key) }
      place += length
    }
    pending.removeFirst(place)
    return keys
  }

  /// The first key and its length in bytes; `nil` if more bytes are needed.
  private static func first(in bytes: ArraySlice<UInt8>) -> (Key?, Int)? {
    guard let byte = bytes.first else { return nil }
    if byte == 0x1B { return sequence(bytes.dropFirst()) }
    if byte < 0x80 { return (KeyDecoder.plainKey(UInt32(byte)), 1) }
    let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 1
    guard bytes.count >= length else { return nil }
    let text = String(validating: bytes.prefix(length), as: UTF8.self)
    return (text?.first.map(Key.character), length)
  }

  private static let finals: [UInt8: Key] = [
    UInt8(ascii: "A"): .up, UInt8(ascii: "B"): .down, UInt8(ascii: "C"): .right,
    UInt8(ascii: "D"): .left, UInt8(ascii: "H"): .home, UInt8(ascii: "F"): .end,
    UInt8(ascii: "Z"): .backTab,
  ]
  private static let numbers: [Int: Key] = [
    1: .home, 3: .delete, 4: .end, 5: .pageUp, 6: .pageDown, 7: .home, 8: .end,
  ]

  /// The sequence after an Escape: `[A`, `OA`, `[5~`; anything else is an Escape and a key.
  private static func sequence(_ rest: ArraySlice<UInt8>) -> (Key?, Int)? {
    guard let opener = rest.first, opener == UInt8(ascii: "[") || opener == UInt8(ascii: "O")
    else { return (.escape, 1) }
    let body = rest.dropFirst()
    guard let end = body.firstIndex(where: { $0 >= 0x40 && $0 <= 0x7E }) else {
      return body.count > 16 ? (.escape, 1) : nil
    }
    let length = end - rest.startIndex + 2
    if body[end] == UInt8(ascii: "~") {
      let number = Int(
        String(decoding: body[..<end].prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self))
      return (number.flatMap { numbers[$0] }, length)
    }
    return (finals[body[end]], length)
  }
}
