/// Where and why a text is not JSON. Lines and columns count from 1, columns in bytes.
public struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
  public let line: Int
  public let column: Int
  public let problem: String
  /// Whether the text is not UTF-8 there.
  public var isEncoding = false

  public var description: String { "line \(line), column \(column): \(problem)" }
}

extension JSON {
  /// Parses one JSON text in UTF-8, with or without a byte order mark. Other bytes are an
  /// error: guessed text would name other files and run other commands.
  public init(parsing text: String) throws(JSONSyntaxError) {
    try self.init(parsing: Array(text.utf8))
  }

  public init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
    self = try bytes.withUnsafeBufferPointer { buffer throws(JSONSyntaxError) in
      var parser = JSONParser(bytes: buffer)
      return try parser.parseDocument()
    }
  }

  /// The first position that is not UTF-8; `nil` if there is none.
  public static func encodingError(in bytes: [UInt8]) -> JSONSyntaxError? {
    bytes.withUnsafeBufferPointer { buffer in
      let parser = JSONParser(bytes: buffer)
      return parser.otherEncoding
        ?? UTF8Text.firstInvalid(buffer[...]).map { parser.encodingError(at: $0) }
    }
  }
}

/// A recursive descent parser; one pass, no copies except the strings.
struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  var offset = 0
  var depth = 0
  /// The position after the byte order mark, which does not count as a column.
  private let textStart: Int

  /// Limits the nesting of untrusted input, which could exhaust the stack.
  static let depthLimit = 256

  init(bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    textStart = offset
  }

  mutating func parseDocument() throws(JSONSyntaxError) -> JSON {
    try begin()
    let value = try parseValue()
    try end()
    return value
  }

  /// Like `parseDocument`; arrays under these keys of the outermost object stay text. Their places
  /// are in `lists`: where each element begins.
  mutating func parseOutline(
    deferring keys: Set<String>, lists: inout [String: [Int]]
  ) throws(JSONSyntaxError) -> JSON {
    try begin()
    guard peek == UInt8(ascii: "{") else {
      let value = try parseValue()
      try end()
      return value
    }
    var object = JSONObject()
    var found: [String: [Int]] = [:]
    try forEachMember(key: Self.parseString) { parser, key throws(JSONSyntaxError) in
      found[key] = nil
      if keys.contains(key), parser.peek == UInt8(ascii: "[") {
        found[key] = try parser.skipElements()
        object[key] = .array([])
      } else {
        object[key] = try parser.parseValue()
      }
    }
    try end()
    lists = found
    return .object(object)
  }

  private mutating func begin() throws(JSONSyntaxError) {
    if let otherEncoding { throw otherEncoding }
    skipSpace()
    if offset == bytes.count { throw error("the text is empty, expected a JSON value") }
  }

  private mutating func end() throws(JSONSyntaxError) {
    skipSpace()
    if offset < bytes.count { throw error("unexpected \(here) after the JSON value") }
  }

  mutating func parseValue() throws(JSONSyntaxError) -> JSON {
    guard let byte = peek else { throw error("the text ends where a value should be") }
    switch byte {
    case UInt8(ascii: "{"): return .object(try parseObject())
    case UInt8(ascii: "["): return .array(try parseArray())
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
    default: throw error("unexpected \(here), expected a value")
    }
  }

  private mutating func parseObject() throws(JSONSyntaxError) -> JSONObject {
    var object = JSONObject()
    try forEachMember(key: Self.parseString) { parser, key throws(JSONSyntaxError) in
      object[key] = try parser.parseValue()
    }
    return object
  }

  private mutating func parseArray() throws(JSONSyntaxError) -> [JSON] {
    var elements: [JSON] = []
    try forEachElement { parser throws(JSONSyntaxError) in
      elements.append(try parser.parseValue())
    }
    return elements
  }

  /// Checks an array; returns where its elements begin.
  private mutating func skipElements() throws(JSONSyntaxError) -> [Int] {
    var starts: [Int] = []
    try forEachElement { parser throws(JSONSyntaxError) in
      starts.append(parser.offset)
      try parser.skipValue()
    }
    return starts
  }

  /// Checks a value without keeping it.
  private mutating func skipValue() throws(JSONSyntaxError) {
    switch peek {
    case UInt8(ascii: "{"):
      try forEachMember(key: Self.skipString) { parser, _ throws(JSONSyntaxError) in
        try parser.skipValue()
      }
    case UInt8(ascii: "["):
      try forEachElement { parser throws(JSONSyntaxError) in try parser.skipValue() }
    case UInt8(ascii: "\""): try Self.skipString(&self)
    default: _ = try parseValue()
    }
  }

  /// Calls `body` with each key of an object, at the place of its value.
  @inline(__always)
  private mutating func forEachMember<Key>(
    key parseKey: (inout Self) throws(JSONSyntaxError) -> Key,
    _ body: (inout Self, Key) throws(JSONSyntaxError) -> Void
  ) throws(JSONSyntaxError) {
    try enter()
    defer { depth -= 1 }
    skipSpace()
    if skip(UInt8(ascii: "}")) { return }
    while true {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else {
        throw error("unexpected \(here), expected a key in double quotes")
      }
      let key = try parseKey(&self)
      skipSpace()
      guard skip(UInt8(ascii: ":")) else { throw error("unexpected \(here), expected ':'") }
      skipSpace()
      try body(&self, key)
      skipSpace()
      if skip(UInt8(ascii: ",")) { continue }
      if skip(UInt8(ascii: "}")) { return }
      throw error("unexpected \(here), expected ',' or '}'")
    }
  }

  /// Calls `body` at the place of each element of an array.
  @inline(__always)
  private mutating func forEachElement(
    _ body: (inout Self) throws(JSONSyntaxError) -> Void
  ) throws(JSONSyntaxError) {
    try enter()
    defer { depth -= 1 }
    skipSpace()
    if skip(UInt8(ascii: "]")) { return }
    while true {
      skipSpace()
      try body(&self)
      skipSpace()
      if skip(UInt8(ascii: ",")) { continue }
      if skip(UInt8(ascii: "]")) { return }
      throw error("unexpected \(here), expected ',' or ']'")
    }
  }

  private static func parseString(
    _ parser: inout Self
  ) throws(JSONSyntaxError) -> String { try parser.parseString() }

  /// Checks a string without keeping it.
  private static func skipString(_ parser: inout Self) throws(JSONSyntaxError) {
    let start = parser.offset
    parser.offset += 1
    if parser.skipPlainText() < 0x80, parser.skip(UInt8(ascii: "\"")) { return }
    parser.offset = start
    _ = try parser.parseString()
  }

  /// Skips to the end of a string, or to what cannot be taken as it is. Returns the bits that are
  /// set in any of its bytes.
  private mutating func skipPlainText() -> UInt8 {
    var bits: UInt8 = 0
    while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
      bits |= byte
      offset += 1
    }
    return bits
  }

  private mutating func parseString() throws(JSONSyntaxError) -> String {
    offset += 1
    let start = offset
    let bits = skipPlainText()
    if peek == UInt8(ascii: "\"") {
      // ASCII needs no check, and most texts are ASCII.
      let text =
        bits < 0x80
        ? String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<offset]), as: UTF8.self)
        : try text(start..<offset)
      offset += 1
      return text
    }
    return try parseEscapedString(from: start)
  }

  private func text(_ range: Range<Int>) throws(JSONSyntaxError) -> String {
    if let text = String(validating: bytes[range], as: UTF8.self) { return text }
    throw encodingError(at: UTF8Text.firstInvalid(bytes[range]) ?? range.lowerBound)
  }

  /// Parses a string with escapes, from the first escape on.
  private mutating func parseEscapedString(from start: Int) throws(JSONSyntaxError) -> String {
    var content = Array(bytes[start..<offset])
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        // Escapes are ASCII, so an invalid byte is in the text itself.
        if let place = UTF8Text.firstInvalid(bytes[start..<offset]) {
          throw encodingError(at: place)
        }
        offset += 1
        return String(decoding: content, as: UTF8.self)
      case UInt8(ascii: "\\"):
        offset += 1
        try parseEscape(into: &content)
      case 0..<0x20:
        throw error("a control character in a string must be escaped")
      default:
        content.append(byte)
        offset += 1
      }
    }
    throw error("the text ends inside a string")
  }

  private mutating func parseEscape(into content: inout [UInt8]) throws(JSONSyntaxError) {
    guard let byte = peek else { throw error("the text ends inside a string") }
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      let scalar = Unicode.Scalar(try parseCodePoint()) ?? "\u{FFFD}"
      content.append(contentsOf: String(scalar).utf8)
    default:
      offset -= 1
      throw error("unknown escape: \(here) after a backslash")
    }
  }

  /// Parses an escape of `\u` and four hexadecimal digits, together with a low surrogate that
  /// follows. A lone surrogate is returned as it is; it is not a scalar.
  private mutating func parseCodePoint() throws(JSONSyntaxError) -> UInt32 {
    let high = try parseHex4()
    guard (0xD800..<0xDC00).contains(high), offset + 6 <= bytes.count,
      bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u")
    else { return high }
    let mark = offset
    offset += 2
    let low = try parseHex4()
    guard (0xDC00..<0xE000).contains(low) else {
      offset = mark
      return high
    }
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
  }

  private mutating func parseHex4() throws(JSONSyntaxError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Self.hexDigit(byte) else {
        throw error("\\u needs four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  private mutating func parseNumber() throws(JSONSyntaxError) -> JSON {
    let start = offset
    _ = skip(UInt8(ascii: "-"))
    if !skip(UInt8(ascii: "0")) { try skipDigits() }
    var isInteger = true
    if skip(UInt8(ascii: ".")) {
      isInteger = false
      try skipDigits()
    }
    if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
      isInteger = false
      if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
      try skipDigits()
    }
    // Fifteen digits are less than `largestExactInteger`.
    if isInteger, offset - start <= 15 { return .int(integer(start..<offset)) }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if isInteger, let value = Int(text), value.magnitude <= JSON.largestExactInteger {
      return .int(value)
    }
    guard let value = Double(text) else { throw error("\(text) is not a number") }
    return JSON(number: value)
  }

  private func integer(_ range: Range<Int>) -> Int {
    let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
    let magnitude = bytes[range].dropFirst(isNegative ? 1 : 0).reduce(0) {
      $0 * 10 + Int($1 - UInt8(ascii: "0"))
    }
    return isNegative ? -magnitude : magnitude
  }

  private mutating func skipDigits() throws(JSONSyntaxError) {
    let start = offset
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
    if offset == start { throw error("unexpected \(here), expected a digit") }
  }

  private mutating func parseWord(_ word: StaticString, _ value: JSON) throws(JSONSyntaxError)
    -> JSON
  {
    let end = offset + word.utf8CodeUnitCount
    let matches = word.withUTF8Buffer { expected in
      end <= bytes.count && bytes[offset..<end].elementsEqual(expected)
    }
    guard matches else { throw error("unexpected \(here), expected a value") }
    offset = end
    return value
  }

  private mutating func enter() throws(JSONSyntaxError) {
    depth += 1
    if depth > Self.depthLimit { throw error("nested deeper than \(Self.depthLimit) levels") }
    offset += 1
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      offset += 1
    }
  }

  private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skip(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    offset += 1
    return true
  }

  /// The character at the offset, for messages.
  private var here: String {
    guard let byte = peek else { return "end of text" }
    return (0x21..<0x7F).contains(byte)
      ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x\(String(byte, radix: 16))"
  }

  private func error(_ problem: String) -> JSONSyntaxError { error(problem, at: offset) }

  func encodingError(at place: Int) -> JSONSyntaxError {
    var error = error(
      "byte 0x\(String(bytes[place], radix: 16)) is not UTF-8; save the text as UTF-8", at: place)
    error.isEncoding = true
    return error
  }

  /// Whether the text begins like UTF-16 or UTF-32: JSON begins with an ASCII character.
  var otherEncoding: JSONSyntaxError? {
    guard bytes.count >= 2 else { return nil }
    let isWide =
      switch (bytes[0], bytes[1]) {
      case (0xFE, 0xFF), (0xFF, 0xFE): true
      case (0, 0): bytes.count >= 4 && bytes[3] != 0
      case (0, _), (_, 0): true
      default: false
      }
    guard isWide else { return nil }
    var error = error("the text is UTF-16 or UTF-32; save it as UTF-8", at: 0)
    error.isEncoding = true
    return error
  }

  private func error(_ problem: String, at offset: Int) -> JSONSyntaxError {
    let before = bytes[..<min(offset, bytes.count)]
    let line = 1 + before.count { $0 == 0x0A }
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? textStart
    return JSONSyntaxError(
      line: line, column: max(1, offset - lineStart + 1), problem: problem)
  }
}

extension JSON {
  /// The largest integer that a JavaScript number represents exactly, 2^53.
  static let largestExactInteger: UInt = 1 << 53

  /// A JavaScript number; integral values become integers.
  public init(number value: Double) {
    if value == value.rounded(), value.magnitude <= Double(Self.largestExactInteger) {
      self = .int(Int(value))
    } else {
      self = .double(value)
    }
  }
}
