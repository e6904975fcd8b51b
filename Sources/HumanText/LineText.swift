/// Makes untrusted text safe for one line of a terminal or a log.
package enum LineText {
  /// The text on one line, without characters that move the cursor, start an escape sequence,
  /// reorder the line or are invisible: these are written as `\n`, `\u{1B}`, …. Applying it
  /// twice changes nothing.
  package static func safe(_ text: some StringProtocol) -> String {
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return String(text) }
    var shown = ""
    for scalar in text.unicodeScalars {
      if isHarmless(scalar) {
        shown.unicodeScalars.append(scalar)
      } else {
        shown += scalar.escaped(asASCII: true)
      }
    }
    return shown
  }

  /// The safe lines of our own text that may quote untrusted text.
  package static func safeLines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { safe($0) }
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20..<0x7F: return true
    // Joiners and variation selectors are part of emoji and some scripts.
    case 0x200C, 0x200D, 0xFE00...0xFE0F: return true
    default: break
    }
    let properties = scalar.properties
    switch properties.generalCategory {
    // Format characters change the direction of the line or are invisible.
    case .control, .format, .lineSeparator, .paragraphSeparator: return false
    default: return !properties.isDefaultIgnorableCodePoint
    }
  }
}
