/// One character cell: a base character, up to three combining marks, a style. Trivial to copy
/// and compare, so buffers are fast.
package struct Cell: Hashable, Sendable {
  /// The base character; `nil` in the right half of a wide character.
  package private(set) var base: Unicode.Scalar?
  /// Combining marks, 21 bits each, the first in the lowest bits.
  private var packedMarks: UInt64 = 0
  package var style: Style

  package static let blank = Cell(" ", .plain)

  package init(_ base: Unicode.Scalar, _ style: Style) {
    self.base = base
    self.style = style
  }

  /// The cell in the right half of a wide character.
  static func continuation(_ style: Style) -> Cell {
    var cell = Cell(" ", style)
    cell.base = nil
    return cell
  }

  package var isContinuation: Bool { base == nil }

  package var marks: [Unicode.Scalar] {
    (0..<3).compactMap { index in
      let bits = UInt32(truncatingIfNeeded: packedMarks >> (21 * UInt64(index))) & 0x1F_FFFF
      return bits == 0 ? nil : Unicode.Scalar(bits)
    }
  }

  /// Adds a combining mark; a fourth one is dropped.
  mutating func combine(_ mark: Unicode.Scalar) {
    for index in 0..<3 where (packedMarks >> (21 * UInt64(index))) & 0x1F_FFFF == 0 {
      packedMarks |= UInt64(mark.value) << (21 * UInt64(index))
      return
    }
  }

  /// The text of the cell; empty for the right half of a wide character.
  package var text: String {
    guard let base else { return "" }
    var text = String.UnicodeScalarView([base])
    text.append(contentsOf: marks)
    return String(text)
  }
}
