public import JSONValue

/// Amounts of resources, written as in Kubernetes.
public enum Quantity {
  /// Cores: `2`, `0.5`, `"500m"`; `nil` for anything else.
  public static func cores(_ value: JSON) -> Double? {
    positive(value.double ?? value.string.flatMap { scaled($0, ["m": 0.001]) })
  }

  /// Bytes: a number, `"50Mi"`, `"2G"`; `nil` for anything else.
  public static func bytes(_ value: JSON) -> Int? {
    let number = value.double ?? value.string.flatMap { scaled($0, units) }
    return positive(number).flatMap { Int(exactly: $0.rounded()) }
  }

  private static let units: [String: Double] = [
    "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 0x1p10, "Mi": 0x1p20, "Gi": 0x1p30, "Ti": 0x1p40,
  ]

  private static func scaled(_ text: String, _ units: [String: Double]) -> Double? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let number = Double(digits) else { return nil }
    let unit = String(text[digits.endIndex...])
    return unit.isEmpty ? number : units[unit].map { number * $0 }
  }

  private static func positive(_ number: Double?) -> Double? {
    number.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
  }
}
