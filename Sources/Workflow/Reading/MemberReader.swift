import JSONValue

/// Reads the keys of one object. A value of the wrong type is an error, and `nil`.
struct MemberReader {
  let object: JSONObject
  let place: JSONPath

  /// `null` counts as missing.
  func value(_ key: String) -> JSON? {
    guard let value = object[key], value != .null else { return nil }
    return value
  }

  func text(_ key: String, _ findings: inout Findings) -> String? {
    switch value(key) {
    case nil: return nil
    case .string(let text): return text
    case let other?:
      findings.error(place.key(key), "expected a string, found \(other.described)")
      return nil
    }
  }

  /// A name; numbers become text.
  func name(_ key: String, _ findings: inout Findings) -> String? {
    switch value(key) {
    case nil: return nil
    case .string(let text): return text
    case .int(let number): return String(number)
    case .double(let number): return JSON.double(number).text
    case let other?:
      findings.error(place.key(key), "expected a string or a number, found \(other.described)")
      return nil
    }
  }

  /// A whole number; also accepted as text, as in HyperFlow.
  func integer(_ key: String, atLeast minimum: Int, _ findings: inout Findings) -> Int? {
    guard let value = value(key) else { return nil }
    let number = value.int ?? value.string.flatMap { Int($0) }
    if let number, number >= minimum { return number }
    findings.error(
      place.key(key), "expected a whole number, \(minimum) or more, found \(value.described)")
    return nil
  }

  /// A flag of a process. In HyperFlow any text except the empty one is true, even "false";
  /// not here.
  func flag(_ key: String, _ findings: inout Findings) -> Bool {
    switch value(key) {
    case .bool(false)?, .int(0)?: warnAboutFalse(key, &findings)
    default: return jobFlag(key, &findings)
    }
    return false
  }

  /// A flag that is passed on as JSON, where only texts are ambiguous.
  func jobFlag(_ key: String, _ findings: inout Findings) -> Bool {
    switch value(key) {
    case nil, .string("")?, .bool(false)?, .int(0)?: return false
    case .string("false")?, .string("0")?:
      warnAboutFalse(key, &findings)
      return false
    case .array?, .object?:
      findings.error(
        place.key(key), "expected true or false, found \(value(key)?.described ?? "nothing")")
      return false
    default: return true
    }
  }

  private func warnAboutFalse(_ key: String, _ findings: inout Findings) {
    findings.warning(place.key(key), "means false here, but HyperFlow takes it for true")
  }

  func array(_ key: String, _ findings: inout Findings) -> [JSON]? {
    switch value(key) {
    case nil: return nil
    case .array(let elements): return elements
    case let other?:
      findings.error(place.key(key), "expected an array, found \(other.described)")
      return nil
    }
  }

  func object(_ key: String, _ findings: inout Findings) -> JSONObject? {
    switch value(key) {
    case nil: return nil
    case .object(let object): return object
    case let other?:
      findings.error(place.key(key), "expected an object, found \(other.described)")
      return nil
    }
  }

  /// The unknown keys. A key that differs from a known one only in case is probably an error.
  func unknownKeys(_ known: KnownKeys, _ findings: inout Findings) -> JSONObject {
    if object.members.allSatisfy({ known.names.contains($0.key) }) { return JSONObject() }
    let unknown = object.members.filter { !known.names.contains($0.key) }
    for (key, _) in unknown {
      guard let meant = known.byLowercase[key.lowercased()] else { continue }
      findings.warning(
        place.key(key.displayName), "unknown key, not read (did you mean \"\(meant)\"?)")
    }
    return JSONObject(unknown.map { ($0.key, $0.value) })
  }
}

/// The known keys of one kind of object.
struct KnownKeys {
  let names: Set<String>
  let byLowercase: [String: String]

  init(_ names: Set<String>) {
    self.names = names
    byLowercase = Dictionary(uniqueKeysWithValues: names.map { ($0.lowercased(), $0) })
  }
}

extension JSON {
  /// The value for messages: short values as they are, else their type.
  var described: String {
    switch self {
    case .null, .array, .object: kindName
    case .bool(let value): value ? "true" : "false"
    case .int, .double: text
    case .string(let text): text.quotedForMessage
    }
  }
}
