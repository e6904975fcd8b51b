import JSONValue

/// Reads a YAML document as JSON.
///
/// Plain scalars have the types that HyperFlow's reader (js-yaml 3) gives them: `yes`, `on` and
/// dates are text, `0.5` is a number, `~` and nothing are null.
enum YAMLReader {
  struct Mistake: Error, Equatable {
    /// Counts from 1; `nil` if unknown.
    var line: Int?
    var text: String
  }

  /// The maximum number of levels: each needs space on the stack.
  static let maximumDepth = 1000

  static func json(_ text: String) throws(Mistake) -> JSON {
    try YAMLTree.read(text) { tree throws(Mistake) in
      guard let root = tree.root else { return .null }
      var conversion = Conversion(of: tree)
      return try conversion.json(root)
    }
  }

  /// | in YAML | in JSON |
  /// |---|---|
  /// | `*alias` | a copy of what its anchor names |
  /// | `<<: {…}`, `<<: [{…}, {…}]` | the members, unless the mapping has the same key itself |
  /// | a key that is no scalar | the key `""` |
  /// | a key twice, an alias inside of its own anchor, too many levels | a mistake |
  private struct Conversion {
    let tree: YAMLTree
    /// The nodes around the current one.
    var open: Set<Int32> = []
    /// Aliases can repeat each other so often that no memory has room for the result.
    var nodesLeft: Int
    init(of tree: YAMLTree) {
      self.tree = tree
      nodesLeft = 10 * tree.count + 10_000
    }

    mutating func json(_ index: Int32) throws(Mistake) -> JSON {
      nodesLeft -= 1
      guard nodesLeft >= 0 else {
        throw Mistake(line: tree.line(of: index), text: "aliases repeat too many nodes")
      }
      switch tree.node(index) {
      case .scalar(let text, let isPlain): return isPlain ? value(text) : .string(text)
      case .sequence(let items):
        try enter(index)
        defer { open.remove(index) }
        var values: [JSON] = []
        for item in items { values.append(try json(item)) }
        return .array(values)
      case .mapping(let pairs):
        try enter(index)
        defer { open.remove(index) }
        return .object(try members(of: pairs))
      }
    }

    private mutating func enter(_ index: Int32) throws(Mistake) {
      guard open.insert(index).inserted else {
        throw Mistake(line: tree.line(of: index), text: "an alias inside of its own anchor")
      }
      guard open.count <= YAMLReader.maximumDepth else {
        throw Mistake(
          line: tree.line(of: index), text: "more than \(YAMLReader.maximumDepth) levels")
      }
    }

    private mutating func members(of pairs: [YAMLTree.Pair]) throws(Mistake) -> JSONObject {
      var keys: Set<String> = []
      for pair in pairs where !keys.insert(key(pair)).inserted {
        throw Mistake(line: tree.line(of: pair.key), text: "the same key twice: \(key(pair))")
      }
      var members = JSONObject()
      // Of several merged mappings, the first one that has a key counts.
      for pair in pairs where key(pair) == "<<" {
        let merged = try json(pair.value)
        for object in (merged.array ?? [merged]).compactMap(\.object).reversed() {
          for (name, value) in object.members { members[name] = value }
        }
      }
      for pair in pairs where key(pair) != "<<" { members[key(pair)] = try json(pair.value) }
      return members
    }

    private func key(_ pair: YAMLTree.Pair) -> String {
      if case .scalar(let text, _) = tree.node(pair.key) { return text }
      return ""
    }
  }

  /// The value of a plain scalar.
  static func value(_ text: String) -> JSON {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return true
    case "false", "False", "FALSE": return false
    default: break
    }
    guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first) else {
      return .string(text)
    }
    if let number = integer(text) { return .int(number) }
    let isNumber = text.utf8.allSatisfy { "+-.0123456789eE".utf8.contains($0) }
    let hasDigit = text.contains { $0.isNumber }
    guard isNumber, hasDigit, let number = Double(text.hasSuffix(".") ? text + "0" : text),
      number.isFinite
    else { return .string(text) }
    return JSON(number: number)
  }

  private static func integer(_ text: String) -> Int? {
    let isNegative = text.hasPrefix("-")
    let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
    let isDecimal = !digits.isEmpty && digits.utf8.allSatisfy { (48...57).contains($0) }
    let number: Int?
    if digits == "0" {
      number = 0
    } else if digits.hasPrefix("0x") {
      number = Int(digits.dropFirst(2), radix: 16)
    } else if digits.hasPrefix("0") {
      number = isDecimal ? Int(digits, radix: 8) : nil
    } else {
      number = isDecimal ? Int(digits) : nil
    }
    return number.map { isNegative ? -$0 : $0 }
  }
}
