/// The appearance on this terminal: glyphs, lines and colours.
package struct Theme: Hashable, Sendable {
  package var name: ThemeName
  package var ascii: Bool
  package let colors: ColorDepth
  private let roles: ThemeColors
  private(set) var isForScreenReader = false

  /// - Parameter colors: the colours of the terminal; `mono` uses none.
  package init(_ name: ThemeName = .standard, ascii: Bool = false, colors: ColorDepth = .many) {
    self.name = name
    self.ascii = ascii
    self.colors = name == .mono ? .none : colors
    roles = ThemeColors(name, isRich: colors == .many)
  }

  /// The same appearance in another theme; `colors` are those of the terminal.
  func named(_ name: ThemeName, colors: ColorDepth) -> Theme {
    Theme(name, ascii: ascii, colors: colors)
  }

  /// For screen readers: no colours, and glyphs that ``PlainText`` knows.
  static let screenReader: Theme = {
    var theme = Theme(.mono)
    theme.isForScreenReader = true
    return theme
  }()

  package func glyph(_ appearance: TaskAppearance) -> String {
    ascii ? appearance.asciiGlyph : appearance.glyph
  }

  /// The style of a state's glyph and word. Only failures are bold.
  package func style(_ appearance: TaskAppearance) -> Style {
    switch appearance {
    case .waiting, .cancelled: dim
    case .ready, .submitted, .queued, .starting: .plain
    case .running: Style(foreground: roles.running)
    case .succeeded: good
    case .failed: alarm
    case .retrying, .held: warning
    case .lost: Style(foreground: roles.lost)
    case .skipped: Style(foreground: roles.skipped, .dim)
    }
  }

  /// The style in lists, where succeeded tasks are inconspicuous.
  package func listStyle(_ appearance: TaskAppearance) -> Style {
    appearance == .succeeded ? style(appearance).adding(.dim) : style(appearance)
  }

  // MARK: Roles

  package var dim: Style { roles.dim.map { Style(foreground: $0) } ?? Style(.dim) }
  package var accentColor: Color { roles.accent }
  package var accent: Style { Style(foreground: roles.accent, .bold) }
  package var border: Style { roles.border.map { Style(foreground: $0) } ?? Style(.dim) }
  /// The style of filled areas behind figures, never brighter than text.
  var area: Style { roles.area.map { Style(foreground: $0) } ?? border }
  package var title: Style { .plain }
  package var strong: Style { Style(.bold) }
  package var warning: Style { Style(foreground: roles.warning) }
  package var alarm: Style { Style(foreground: roles.failed, .bold) }
  package var good: Style { Style(foreground: roles.good) }
  package var bad: Style { Style(foreground: roles.failed) }
  package var key: Style { Style(foreground: roles.accent) }

  /// Whether the selected row needs a mark because its colour is subtle.
  var marksCursor: Bool { colors == .many && roles.cursor.keepsColors }

  /// Styles a cell of the selected row. Bars and states keep their colours if the terminal
  /// has a suitable background.
  package func markCursor(_ style: inout Style, on scalar: Unicode.Scalar? = nil) {
    let isBar = scalar.map { (0x2580...0x259F).contains($0.value) } ?? false
    if colors == .none {
      style.attributes = style.attributes.subtracting(.dim).union(.reverse)
    } else if isBar {
      style.background = roles.cursor.back
    } else if roles.cursor.keepsColors {
      style.background = roles.cursor.back
      style.attributes.subtract(.dim)
      let isPlain = style.foreground == .standard || style.foreground == roles.dim
      if isPlain { style.foreground = roles.cursor.text }
    } else {
      style = Style(foreground: roles.cursor.text, background: roles.cursor.back)
    }
  }

  /// A selected name without a row.
  var chosen: Style {
    guard colors != .none else { return Style(.reverse) }
    return Style(foreground: roles.onAccent, background: roles.accent)
  }

  /// The background of a part of a box that fills up; none if the terminal has too few
  /// colours for readable text.
  func fill(_ part: BoxFill, _ style: inout Style) {
    guard colors == .many, let fills = roles.fills else { return }
    switch part {
    case .done: style.background = fills.done
    case .failed: style.background = fills.failed
    case .running: style.background = fills.running
    case .remaining:
      style.background = fills.remaining
      return
    }
    style.foreground = fills.text
  }

  /// The colour of a stage's bars; plain if the terminal has none.
  func stage(_ index: Int) -> Style {
    guard colors != .none, !roles.stages.isEmpty else { return .plain }
    return Style(foreground: roles.stages[index % roles.stages.count])
  }

  // MARK: Signs

  package var ellipsis: String { ascii ? "~" : "…" }
  package var dot: String { ascii ? "-" : "·" }
  package var connected: String { isForScreenReader ? "connected" : ascii ? "*" : "●" }
  package var disconnected: String { isForScreenReader ? "lost" : ascii ? "!" : "○" }
  package var errorMark: String { ascii ? "!" : "▌" }
  /// The mark of a line of standard error.
  package var streamMark: String { ascii ? ":" : "▏" }
  package var cursorMark: String { ascii ? ">" : "▌" }
  /// The mark before a marked row.
  package var chosenMark: String { ascii ? "*" : "▪" }
  /// The glyph before an open or folded group.
  package func fold(isOpen: Bool) -> String {
    ascii ? (isOpen ? "v" : ">") : (isOpen ? "▾" : "▸")
  }
  /// The arrow after the title of the sort column.
  package func arrow(isDescending: Bool) -> String {
    ascii ? (isDescending ? "v" : "^") : (isDescending ? "↓" : "↑")
  }
  package var times: String { ascii ? "x" : "×" }
  package var rule: String { ascii ? "-" : "─" }

  /// Rounded box lines.
  package var box: BoxLines { ascii ? .ascii : .rounded }

  /// The lines around the pane with the focus. They are heavier if there are few colours.
  var focusedBox: BoxLines {
    isForScreenReader || colors == .many ? box : ascii ? .asciiStrong : .heavy
  }

  /// Full, running, failed and empty parts of progress bars.
  package var bar: BarGlyphs { ascii ? BarGlyphs(signs: "#>x.") : BarGlyphs(signs: "█▒▓░") }

  /// Full and empty parts of the small bars in rows.
  var meter: (on: String, off: String) { ascii ? ("#", ".") : ("▰", "▱") }

  /// The lower bars for tables.
  var gauge: BarGlyphs { ascii ? bar : BarGlyphs(signs: "▆▆▆▁") }
}

package struct BoxLines: Hashable, Sendable {
  package var upperLeft, upperRight, lowerLeft, lowerRight, horizontal, vertical: Unicode.Scalar

  static let rounded = BoxLines(
    upperLeft: "╭", upperRight: "╮", lowerLeft: "╰", lowerRight: "╯", horizontal: "─", vertical: "│"
  )
  static let heavy = BoxLines(
    upperLeft: "┏", upperRight: "┓", lowerLeft: "┗", lowerRight: "┛", horizontal: "━", vertical: "┃"
  )
  static let asciiStrong = BoxLines(
    upperLeft: "#", upperRight: "#", lowerLeft: "#", lowerRight: "#", horizontal: "=", vertical: "#"
  )
  static let ascii = BoxLines(
    upperLeft: "+", upperRight: "+", lowerLeft: "+", lowerRight: "+", horizontal: "-", vertical: "|"
  )
}

/// The parts of a box that fills up as its tasks succeed.
enum BoxFill { case done, failed, running, remaining }

package struct BarGlyphs: Hashable, Sendable {
  package let done, running, failed, empty: String

  init(signs: String) {
    let signs = signs.map(String.init)
    (done, running, failed, empty) = (signs[0], signs[1], signs[2], signs[3])
  }
}
