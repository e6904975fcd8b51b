/// The sides to which lines go from the middle of a cell.
struct Joint: OptionSet, Hashable {
  let rawValue: UInt8

  static let up = Joint(rawValue: 1)
  static let down = Joint(rawValue: 2)
  static let left = Joint(rawValue: 4)
  static let right = Joint(rawValue: 8)
  static let vertical: Joint = [.up, .down]
  static let horizontal: Joint = [.left, .right]
}

/// The stroke of a line; where lines meet, the greater stroke is drawn.
enum Stroke: UInt8, Comparable {
  case none, dashed, light, heavy

  static func < (one: Stroke, other: Stroke) -> Bool { one.rawValue < other.rawValue }
}

/// The lines that meet in the middle of a cell, each with its stroke.
///
/// A cell in which a vertical line crosses a horizontal one without joining it shows only the
/// vertical line: `─│─`, in ASCII `-|-`. So `┼` and `+` always join, and a drawing can be read
/// back from its characters.
struct LineCell: Equatable {
  var up = Stroke.none
  var down = Stroke.none
  var left = Stroke.none
  var right = Stroke.none

  init() {}

  init(_ joint: Joint, _ stroke: Stroke = .light) {
    add(joint, stroke)
  }

  mutating func add(_ joint: Joint, _ stroke: Stroke) {
    if joint.contains(.up) { up = max(up, stroke) }
    if joint.contains(.down) { down = max(down, stroke) }
    if joint.contains(.left) { left = max(left, stroke) }
    if joint.contains(.right) { right = max(right, stroke) }
  }

  mutating func merge(_ other: LineCell) {
    up = max(up, other.up)
    down = max(down, other.down)
    left = max(left, other.left)
    right = max(right, other.right)
  }

  var joint: Joint {
    var joint: Joint = []
    if up != .none { joint.insert(.up) }
    if down != .none { joint.insert(.down) }
    if left != .none { joint.insert(.left) }
    if right != .none { joint.insert(.right) }
    return joint
  }

  var isEmpty: Bool { joint.isEmpty }

  func glyph(ascii: Bool) -> Unicode.Scalar {
    let heaviest = max(max(up, down), max(left, right))
    if ascii { return asciiGlyph(heaviest) }
    if heaviest == .dashed {
      if joint.isSubset(of: .vertical) { return "╎" }
      if joint.isSubset(of: .horizontal) { return "╌" }
    }
    return Self.glyphs[
      up.glyphIndex * 27 + down.glyphIndex * 9 + left.glyphIndex * 3 + right.glyphIndex]
  }

  private func asciiGlyph(_ heaviest: Stroke) -> Unicode.Scalar {
    if joint.isEmpty { return " " }
    if joint.isSubset(of: .vertical) { return heaviest == .dashed ? ":" : "|" }
    if joint.isSubset(of: .horizontal) {
      return heaviest == .heavy ? "=" : heaviest == .light ? "-" : "."
    }
    return heaviest == .heavy ? "#" : "+"
  }

  /// By up, down, left, right, each none, light or heavy.
  private static let glyphs: [Unicode.Scalar] = Array(
    (" ╶╺╴─╼╸╾━" + "╷╭┍╮┬┮┑┭┯" + "╻┎┏┒┰┲┓┱┳" + "╵╰┕╯┴┶┙┵┷" + "│├┝┤┼┾┥┽┿" + "╽┟┢┧╁╆┪╅╈"
      + "╹┖┗┚┸┺┛┹┻" + "╿┞┡┦╀╄┩╃╇" + "┃┠┣┨╂╊┫╉╋").unicodeScalars)
}

extension Stroke {
  fileprivate var glyphIndex: Int {
    switch self {
    case .none: 0
    case .dashed, .light: 1
    case .heavy: 2
    }
  }
}
