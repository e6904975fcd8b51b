/// The number of colours of a terminal, and the nearest one to a colour.
package enum ColorDepth: Int, Sendable, Comparable {
  /// Attributes only: `NO_COLOR`, or a terminal without colours.
  case none = 0
  case eight = 8
  case sixteen = 16
  case many = 256

  package static func < (one: ColorDepth, other: ColorDepth) -> Bool {
    one.rawValue < other.rawValue
  }

  package init(terminalColors: Int) {
    switch terminalColors {
    case 256...: self = .many
    case 16...: self = .sixteen
    case 8...: self = .eight
    default: self = .none
    }
  }

  /// A colour number of the terminal, `nil` for the default. With eight colours, a bright
  /// colour is the plain one in bold.
  package func nearest(_ color: Color) -> (index: Int, bold: Bool)? {
    let full: Int
    switch color {
    case .standard: return nil
    case .palette(let index): full = Int(index)
    case .rgb(let red, let green, let blue): full = Self.cube(red, green, blue)
    }
    switch self {
    case .none: return nil
    case .many: return (full, false)
    case .sixteen: return (full < 16 ? full : Self.basic(full), false)
    case .eight:
      let basic = full < 16 ? full : Self.basic(full)
      return (basic % 8, basic >= 8)
    }
  }

  private static let steps = [0, 95, 135, 175, 215, 255]

  private static func cube(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Int {
    let parts = [red, green, blue].map { part in
      steps.indices.min { abs(steps[$0] - Int(part)) < abs(steps[$1] - Int(part)) } ?? 0
    }
    return 16 + 36 * parts[0] + 6 * parts[1] + parts[2]
  }

  /// The nearest of the sixteen colours to a colour of the cube or the greys.
  private static func basic(_ full: Int) -> Int {
    let parts: [Int]
    if full >= 232 {
      parts = Array(repeating: 8 + 10 * (full - 232), count: 3)
    } else {
      let entry = full - 16
      parts = [steps[entry / 36], steps[entry / 6 % 6], steps[entry % 6]]
    }
    let brightest = parts.max() ?? 0
    if brightest < 60 { return 0 }
    let isGrey = brightest - (parts.min() ?? 0) < 40
    if isGrey { return brightest > 220 ? 15 : brightest > 150 ? 7 : 8 }
    let bits = parts.enumerated().reduce(0) { sum, part in
      part.element * 5 > brightest * 3 ? sum | 1 << part.offset : sum
    }
    return brightest > 220 ? bits + 8 : bits
  }
}
