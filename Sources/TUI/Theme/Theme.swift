/// What everything looks like: glyphs, lines and colours, for this terminal.
package struct Theme: Hashable, Sendable {
  package var ascii: Bool
  package var colors: ColorDepth

  package init(ascii: Bool = false, colors: ColorDepth = .many) {
    self.ascii = ascii
    self.colors = colors
  }

  package func glyph(_ look: TaskLook) -> String { ascii ? look.asciiGlyph : look.glyph }

  /// For the glyph and the word of a state. At most the failed are bold.
  package func style(_ look: TaskLook) -> Style {
    switch look {
    case .waiting: dim
    case .ready, .queued: .plain
    case .running: Style(foreground: .palette(14))
    case .succeeded: Style(foreground: .palette(2))
    case .failed: Style(foreground: .palette(9), .bold)
    case .retrying, .held: Style(foreground: .palette(3))
    case .lost: Style(foreground: colors == .many ? .palette(208) : .palette(5))
    case .skipped: Style(foreground: .palette(5), .dim)
    case .cancelled: dim
    }
  }

  /// The same in lists, where done is not news.
  package func listStyle(_ look: TaskLook) -> Style {
    look == .succeeded ? style(look).adding(.dim) : style(look)
  }

  // MARK: Roles

  package var dim: Style {
    colors == .many ? Style(foreground: .palette(245)) : Style(.dim)
  }
  package var accentColor: Color { colors == .many ? .palette(75) : .palette(6) }
  package var accent: Style { Style(foreground: accentColor, .bold) }
  package var border: Style { dim }
  package var title: Style { .plain }
  package var strong: Style { Style(.bold) }
  package var warning: Style { Style(foreground: .palette(3)) }
  package var alarm: Style { Style(foreground: .palette(9), .bold) }
  package var good: Style { Style(foreground: .palette(2)) }
  package var key: Style { Style(foreground: accentColor) }

  /// Shows a row as the one the keys act on.
  package func markCursor(_ style: inout Style) {
    if colors == .none {
      style.attributes = style.attributes.subtracting(.dim).union(.reverse)
    } else {
      style = Style(foreground: .palette(0), background: accentColor)
    }
  }

  // MARK: Signs

  package var ellipsis: String { ascii ? "~" : "…" }
  package var dot: String { ascii ? "-" : "·" }
  package var connected: String { ascii ? "*" : "●" }
  package var disconnected: String { ascii ? "!" : "○" }
  package var errorMark: String { ascii ? "!" : "▌" }
  package var cursorMark: String { ascii ? ">" : "▌" }
  /// Before a row that is marked.
  package var chosenMark: String { ascii ? "*" : "▪" }
  /// Before a group whose rows show, or do not.
  package func fold(isOpen: Bool) -> String {
    ascii ? (isOpen ? "v" : ">") : (isOpen ? "▾" : "▸")
  }
  /// Behind the title of the column that sorts.
  package func arrow(isDescending: Bool) -> String {
    ascii ? (isDescending ? "v" : "^") : (isDescending ? "↓" : "↑")
  }
  package var times: String { ascii ? "x" : "×" }
  package var rule: String { ascii ? "-" : "─" }

  /// Rounded box lines.
  package var box: BoxLines { ascii ? .ascii : .rounded }

  /// Filled, running, failed and empty parts of progress bars.
  package var bar: BarSigns { ascii ? BarSigns(signs: "#>x.") : BarSigns(signs: "█▒▓░") }
}

package struct BoxLines: Hashable, Sendable {
  package var upperLeft, upperRight, lowerLeft, lowerRight, horizontal, vertical: Unicode.Scalar

  static let rounded = BoxLines(
    upperLeft: "╭", upperRight: "╮", lowerLeft: "╰", lowerRight: "╯", horizontal: "─", vertical: "│"
  )
  static let ascii = BoxLines(
    upperLeft: "+", upperRight: "+", lowerLeft: "+", lowerRight: "+", horizontal: "-", vertical: "|"
  )
}

package struct BarSigns: Hashable, Sendable {
  package let done, running, failed, empty: String

  init(signs: String) {
    let signs = signs.map(String.init)
    (done, running, failed, empty) = (signs[0], signs[1], signs[2], signs[3])
  }
}
