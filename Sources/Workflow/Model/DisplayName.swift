extension StringProtocol {
  /// The text fit for one line of a terminal or a log: what could move the cursor, start an escape
  /// sequence or reorder the line is written as `\n`, `\u{1B}`, ….
  public var displayName: String {
    if utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return String(self) }
    var shown = ""
    for scalar in unicodeScalars {
      if scalar.isHarmlessOnScreen {
        shown.unicodeScalars.append(scalar)
      } else {
        shown += scalar.escaped(asASCII: true)
      }
    }
    return shown
  }
}

extension Unicode.Scalar {
  fileprivate var isHarmlessOnScreen: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: false
    // Joiners make emoji; the other format characters turn the direction of the line.
    case .format: value == 0x200C || value == 0x200D
    default: true
    }
  }
}
