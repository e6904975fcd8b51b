import JSONValue
import Yams

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

  static func json(_ text: String) throws(Mistake) -> JSON {
    do {
      guard let node = try Yams.compose(yaml: text) else { return .null }
      return json(node)
    } catch let error as YamlError {
      throw mistake(error)
    } catch {
      throw Mistake(text: "\(error)")
    }
  }

  private static func mistake(_ error: YamlError) -> Mistake {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return Mistake(line: mark.line, text: problem)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let keys = duplicates.joined(separator: ", ")
      return Mistake(line: context.mark.line, text: "the same key twice: \(keys)")
    default:
      return Mistake(text: "\(error)".split(whereSeparator: \.isNewline).joined(separator: " "))
    }
  }

  private static func json(_ node: Node) -> JSON {
    switch node {
    case .scalar(let scalar): return scalar.style == .plain ? value(scalar.string) : text(scalar)
    case .sequence(let sequence): return .array(sequence.map(json))
    case .alias: return .null
    case .mapping(let mapping):
      var members = JSONObject()
      // Keys of the mapping itself come before those that `<<` merges into it.
      for (key, value) in mapping where key.string == "<<" {
        for (name, value) in json(value).object?.members ?? [] { members[name] = value }
      }
      for (key, value) in mapping where key.string != "<<" {
        members[key.scalar?.string ?? ""] = json(value)
      }
      return .object(members)
    }
  }

  private static func text(_ scalar: Node.Scalar) -> JSON { .string(scalar.string) }

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
