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

extension DisplayWidth {
  /// The ranges of East Asian Width W and F in Unicode 14, including unassigned gaps within a
  /// block.
  static let wideRanges: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x231A...0x231B, 0x2329...0x232A, 0x23E9...0x23EC, 0x23F0...0x23F0,
    0x23F3...0x23F3, 0x25FD...0x25FE, 0x2614...0x2615, 0x2648...0x2653, 0x267F...0x267F,
    0x2693...0x2693, 0x26A1...0x26A1, 0x26AA...0x26AB, 0x26BD...0x26BE, 0x26C4...0x26C5,
    0x26CE...0x26CE, 0x26D4...0x26D4, 0x26EA...0x26EA, 0x26F2...0x26F3, 0x26F5...0x26F5,
    0x26FA...0x26FA, 0x26FD...0x26FD, 0x2705...0x2705, 0x270A...0x270B, 0x2728...0x2728,
    0x274C...0x274C, 0x274E...0x274E, 0x2753...0x2755, 0x2757...0x2757, 0x2795...0x2797,
    0x27B0...0x27B0, 0x27BF...0x27BF, 0x2B1B...0x2B1C, 0x2B50...0x2B50, 0x2B55...0x2B55,
    0x2E80...0x3029, 0x302E...0x303E, 0x3041...0x3096, 0x309B...0x3247, 0x3250...0x4DBF,
    0x4E00...0xA4C6, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAD9, 0xFE10...0xFE19,
    0xFE30...0xFE6B, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x16FE3, 0x16FF0...0x1B2FB,
    0x1F004...0x1F004, 0x1F0CF...0x1F0CF, 0x1F18E...0x1F18E, 0x1F191...0x1F19A, 0x1F200...0x1F320,
    0x1F32D...0x1F335, 0x1F337...0x1F37C, 0x1F37E...0x1F393, 0x1F3A0...0x1F3CA, 0x1F3CF...0x1F3D3,
    0x1F3E0...0x1F3F0, 0x1F3F4...0x1F3F4, 0x1F3F8...0x1F43E, 0x1F440...0x1F440, 0x1F442...0x1F4FC,
    0x1F4FF...0x1F53D, 0x1F54B...0x1F54E, 0x1F550...0x1F567, 0x1F57A...0x1F57A, 0x1F595...0x1F596,
    0x1F5A4...0x1F5A4, 0x1F5FB...0x1F64F, 0x1F680...0x1F6C5, 0x1F6CC...0x1F6CC, 0x1F6D0...0x1F6D2,
    0x1F6D5...0x1F6DF, 0x1F6EB...0x1F6EC, 0x1F6F4...0x1F6FC, 0x1F7E0...0x1F7F0, 0x1F90C...0x1F93A,
    0x1F93C...0x1F945, 0x1F947...0x1F9FF, 0x1FA70...0x1FAF6, 0x20000...0x2FFFD, 0x30000...0x3FFFD,
  ]
}
