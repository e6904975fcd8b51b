/// A piece of HTML. Literals are markup; everything inserted with `\(…)` is escaped, unless it
/// is markup itself. So nothing from a run can become markup.
struct Markup: Sendable, ExpressibleByStringInterpolation {
  let html: String

  init(html: String) { self.html = html }
  init(stringLiteral value: String) { html = value }
  init(stringInterpolation pieces: Interpolation) { html = pieces.html }

  init(_ parts: [Markup]) { html = parts.lazy.map(\.html).joined() }

  struct Interpolation: StringInterpolationProtocol {
    fileprivate var html = ""

    init(literalCapacity: Int, interpolationCount: Int) {
      html.reserveCapacity(literalCapacity + 16 * interpolationCount)
    }

    mutating func appendLiteral(_ literal: String) { html += literal }
    mutating func appendInterpolation(_ text: some StringProtocol) { html += Markup.escaped(text) }
    mutating func appendInterpolation(_ number: Int) { html += String(number) }
    mutating func appendInterpolation(_ markup: Markup?) { html += markup?.html ?? "" }
    mutating func appendInterpolation(_ parts: [Markup]) { for part in parts { html += part.html } }

    /// A length, rounded to hundredths.
    mutating func appendInterpolation(_ length: Double) {
      let hundredths = Int((max(-1e9, min(length, 1e9)) * 100).rounded())
      let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
      html += (hundredths < 0 ? "-" : "") + String(whole)
      if rest > 0 { html += rest % 10 == 0 ? ".\(rest / 10)" : ".\(rest < 10 ? "0" : "")\(rest)" }
    }
  }

  /// Text escaped for elements and quoted attributes. Control characters, which HTML does not
  /// allow, become U+FFFD.
  static func escaped(_ text: some StringProtocol) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      default:
        let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
        result.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
      }
    }
    return result
  }
}
