/// `{{variable}}` in a workflow file. HyperFlow renders the text as a Mustache template. Here only
/// variables are supported, and their values are not escaped for HTML: within a string they are
/// escaped as JSON text, elsewhere (`"parlevel": {{n}}`) they are inserted unchanged.
struct Template {
  private let bytes: [UInt8]
  private let variables: [String: String]
  private var output: [UInt8] = []
  private var line = 1
  private var isInString = false
  private var reported: Set<String> = []
  // A tag without a value outside of a string would only cause another error.
  private var hasHole = false

  private static let open = UInt8(ascii: "{")
  private static let close = UInt8(ascii: "}")

  /// The text with variables replaced; `nil` if a missing one makes it invalid JSON.
  static func fill(
    _ bytes: [UInt8], _ variables: [String: String], _ findings: inout Findings
  ) -> [UInt8]? {
    guard containsTag(bytes) else { return bytes }
    var template = Template(bytes, variables)
    template.fill(&findings)
    return template.hasHole ? nil : template.output
  }

  static func containsTag(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { bytes in
      var previous: UInt8 = 0
      for byte in bytes {
        if byte == open, previous == open { return true }
        previous = byte
      }
      return false
    }
  }

  private init(_ bytes: [UInt8], _ variables: [String: String]) {
    self.bytes = bytes
    self.variables = variables
    output.reserveCapacity(bytes.count + bytes.count / 8)
  }

  private mutating func fill(_ findings: inout Findings) {
    var offset = 0
    while offset < bytes.count {
      if bytes[offset] == Self.open, let tag = tag(at: offset) {
        replace(tag, &findings)
        offset = tag.end
      } else {
        offset = copy(at: offset)
      }
    }
  }

  /// Copies a byte (and the next one after a backslash); tracks lines and strings.
  private mutating func copy(at offset: Int) -> Int {
    let byte = bytes[offset]
    output.append(byte)
    if byte == 0x0A { line += 1 }
    if byte == UInt8(ascii: "\"") { isInString.toggle() }
    guard isInString, byte == UInt8(ascii: "\\"), offset + 1 < bytes.count else {
      return offset + 1
    }
    output.append(bytes[offset + 1])
    return offset + 2
  }

  private struct Tag {
    let text: String
    let content: String
    let end: Int
  }

  /// The tag at `start`; it must end on its line and within its string.
  private func tag(at start: Int) -> Tag? {
    let braces = bytes[start...].prefix(3).prefix { $0 == Self.open }.count
    if braces < 2 { return nil }
    var end = start + braces
    while end < bytes.count, !Self.endsTag(bytes[end]) { end += 1 }
    let closing = bytes[end...].prefix(braces)
    guard closing.count == braces, closing.allSatisfy({ $0 == Self.close }) else { return nil }
    return Tag(
      text: String(decoding: bytes[start..<end + braces], as: UTF8.self),
      content: Self.trimmed(bytes[start + braces..<end]), end: end + braces)
  }

  private static func endsTag(_ byte: UInt8) -> Bool {
    byte == open || byte == close || byte == UInt8(ascii: "\"") || byte == 0x0A
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
    let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
    let front = bytes.drop(while: isBlank)
    let back = front.reversed().prefix(while: isBlank).count
    return String(decoding: front.dropLast(back), as: UTF8.self)
  }

  private mutating func replace(_ tag: Tag, _ findings: inout Findings) {
    let isRaw = tag.content.hasPrefix("&")
    let name = isRaw ? Self.trimmed(ArraySlice(tag.content.utf8.dropFirst())) : tag.content
    if let value = variables[name] {
      insert(value)
    } else if Self.isVariable(name) {
      reportMissing(name, &findings)
      output.append(contentsOf: tag.text.utf8)
      if !isInString { hasHole = true }
    } else {
      keep(tag, &findings)
    }
  }

  private static func isVariable(_ name: String) -> Bool {
    guard let first = name.unicodeScalars.first else { return false }
    return (first == "_" || first.properties.isAlphabetic)
      && name.unicodeScalars.allSatisfy {
        $0 == "_" || $0 == "-" || $0 == "." || $0.properties.isAlphabetic
          || ("0"..."9").contains($0)
      }
  }

  private mutating func reportMissing(_ name: String, _ findings: inout Findings) {
    guard reported.insert(name).inserted else { return }
    let ways =
      name == "function"
      ? "--function NAME, --var function=NAME or HF_VAR_function"
      : "--var \(name)=VALUE or HF_VAR_\(name)"
    findings.error(
      "line \(line)",
      "the variable {{\(name.displayName)}} has no value: give it with \(ways.displayName)")
  }

  /// Mustache's other tags are errors, because they change the text around them; anything
  /// else is left for other tools (`{{.Name}}` of Go).
  private mutating func keep(_ tag: Tag, _ findings: inout Findings) {
    let text = tag.text.quotedForMessage
    if let sign = tag.content.utf8.first, "#^/!>=".utf8.contains(sign) {
      findings.error("line \(line)", "\(text): only variables are supported, as {{name}}")
      if !isInString { hasHole = true }
    } else if reported.insert(tag.text).inserted {
      findings.warning("line \(line)", "\(text) names no variable and stays as it is")
    }
    output.append(contentsOf: tag.text.utf8)
  }

  private mutating func insert(_ value: String) {
    guard isInString else {
      output.append(contentsOf: value.utf8)
      return
    }
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        output.append(UInt8(ascii: "\\"))
        output.append(byte)
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        output.append(contentsOf: "\\u00\(byte < 0x10 ? "0" : "")\(digits)".utf8)
      default: output.append(byte)
      }
    }
  }
}
