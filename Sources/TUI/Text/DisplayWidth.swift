internal import Algorithms

/// The width of characters in columns, from our own tables, so that it does not depend on the
/// locale.
///
/// Scalars are counted, not grapheme clusters: terminals disagree about clusters (flags, ZWJ
/// families), but agree if joiners and variation selectors are never sent.
package enum DisplayWidth {
  /// 0 for combining marks and invisible characters, 2 for wide ones, else 1.
  package static func of(_ scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x300 { return value == 0xAD ? 0 : 1 }
    if isPlainlyWide(value) { return 2 }
    if isPlainlyNarrow(value) { return 1 }
    if isZeroWidth(scalar) { return 0 }
    return isWide(value) ? 2 : 1
  }

  /// The width of a text as ``CellBuffer`` writes it, with control characters replaced.
  package static func of(_ text: String) -> Int {
    let utf8 = text.utf8
    let plain = utf8.withContiguousStorageIfAvailable { $0.allSatisfy { $0 < 0x80 } } ?? false
    if plain { return utf8.count }
    return text.unicodeScalars.reduce(0) { $0 + of(printable($1)) }
  }

  /// The scalar to write: control characters, line and paragraph separators become a
  /// replacement character.
  static func printable(_ scalar: Unicode.Scalar, ascii: Bool = false) -> Unicode.Scalar {
    let value = scalar.value
    if value >= 0x20 && value < 0x7F { return scalar }
    let isControl = value < 0xA0 || value == 0x2028 || value == 0x2029
    if ascii {
      return value >= 0xA0 && of(scalar) == 0 ? "\u{AD}" : "?"
    }
    return isControl ? "\u{FFFD}" : scalar
  }

  /// Zero-width characters that are invisible or change the order of others (bidi controls).
  /// They never reach the terminal.
  static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    let value = scalar.value
    if isPlainlyWide(value) || isPlainlyNarrow(value) { return false }
    return switch value {
    case 0xAD, 0x34F, 0x115F...0x1160, 0x17B4...0x17B5, 0x180B...0x180F, 0x3164, 0xFE00...0xFE0F,
      0xFFA0, 0xE0000...0xE0FFF:
      true
    default:
      scalar.properties.generalCategory == .format
    }
  }

  /// The common Chinese, Japanese and Korean characters, for which a Unicode lookup is too
  /// slow.
  private static func isPlainlyWide(_ value: UInt32) -> Bool {
    switch value {
    case 0x3041...0x3096, 0x30A1...0x30FA, 0x4E00...0x9FFF, 0xAC00...0xD7A3: true
    default: false
    }
  }

  /// Latin beyond ASCII, lines, blocks.
  private static func isPlainlyNarrow(_ value: UInt32) -> Bool {
    switch value {
    case 0xAE...0x2FF, 0x2500...0x259F: true
    default: false
    }
  }

  private static func isZeroWidth(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: true
    default: (0x1160...0x11FF).contains(scalar.value) || isInvisible(scalar)
    }
  }

  private static func isWide(_ value: UInt32) -> Bool {
    let first = wideRanges.partitioningIndex { $0.upperBound >= value }
    return first < wideRanges.count && wideRanges[first].contains(value)
  }
}
