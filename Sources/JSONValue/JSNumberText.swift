/// A double as JavaScript's `String(value)` writes it (ECMAScript, Number::toString): the shortest
/// digits that read back as the same number, plain from 1e-6 to below 1e21, else with an exponent.
enum JSNumberText {
  static func text(_ value: Double) -> String {
    if value == 0 { return "0" }
    let (digits, point) = decimal(value.magnitude)
    return (value < 0 ? "-" : "") + text(digits, point: point)
  }

  /// The significant digits and the position of the decimal point: value = 0.digits ×
  /// 10^point.
  private static func decimal(_ value: Double) -> (digits: [UInt8], point: Int) {
    let parts = "\(value)".utf8.split(separator: UInt8(ascii: "e"))
    let exponent = parts.count == 2 ? Int(String(decoding: parts[1], as: UTF8.self)) ?? 0 : 0
    let mantissa = parts[0].split(separator: UInt8(ascii: "."))
    let whole = mantissa[0]
    let fraction = mantissa.count == 2 ? Array(mantissa[1]) : []
    let zero = UInt8(ascii: "0")
    let all = Array(whole) + fraction
    let leading = all.prefix { $0 == zero }.count
    let trailing = all.reversed().prefix { $0 == zero }.count
    return (Array(all[leading..<(all.count - trailing)]), whole.count + exponent - leading)
  }

  private static func text(_ digits: [UInt8], point: Int) -> String {
    func string(_ part: some Sequence<UInt8>) -> String {
      String(decoding: Array(part), as: UTF8.self)
    }
    func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }
    switch point {
    case digits.count...21:
      return string(digits) + zeros(point - digits.count)
    case 1...21:
      return "\(string(digits[..<point])).\(string(digits[point...]))"
    case -5...0:
      return "0.\(zeros(-point))\(string(digits))"
    default:
      let exponent = point - 1
      let rest = digits.count > 1 ? ".\(string(digits[1...]))" : ""
      return "\(string(digits[..<1]))\(rest)e\(exponent < 0 ? "-" : "+")\(exponent.magnitude)"
    }
  }
}
