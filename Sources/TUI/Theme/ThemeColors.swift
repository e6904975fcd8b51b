/// The themes. State is shown by glyph and word in all of them.
public enum ThemeName: String, CaseIterable, Sendable {
  /// For dark backgrounds.
  case standard = "default"
  case light
  case highContrast = "high-contrast"
  /// No two states differ by red and green alone.
  case colorBlindSafe = "colour-blind-safe"
  /// Bold, dim and reverse only.
  case mono
}

/// The colours of a theme.
struct ThemeColors: Hashable, Sendable {
  /// Less important text; `nil` is the default colour, dimmed.
  var dim: Color?
  var border: Color?
  /// Filled areas; `nil` is the colour of borders.
  var area: Color?
  /// The focused pane and keys.
  var accent: Color
  var running: Color
  var good: Color
  var failed: Color
  var warning: Color
  var lost: Color
  var skipped: Color
  /// The selected row.
  var cursor: Cursor
  /// The colours of stages in the timeline; none is a colour of failures.
  var stages: [Color] = []

  /// Text on the accent colour.
  var onAccent: Color
  /// The background of boxes that fill up, if there are enough colours.
  var fills: Fills?

  struct Cursor: Hashable, Sendable {
    var text: Color
    var back: Color
    /// Whether coloured text keeps its colour.
    var keepsColors = false
  }

  struct Fills: Hashable, Sendable {
    var done: Color
    var failed: Color
    var running: Color
    var remaining: Color
    var text: Color
  }

  /// - Parameter isRich: the terminal has 256 colours.
  init(_ name: ThemeName, isRich: Bool) {
    switch (name, isRich) {
    case (.standard, true), (.mono, true): self = Self.rich
    case (.standard, false), (.mono, false): self = Self.few
    case (.light, true): self = Self.lightRich
    case (.light, false): self = Self.lightFew
    case (.highContrast, true): self = Self.contrastRich
    case (.highContrast, false): self = Self.contrastFew
    case (.colorBlindSafe, true): self = Self.safeRich
    case (.colorBlindSafe, false): self = Self.safeFew
    }
    stages = Self.stages(name, isRich).map { .palette($0) }
    if name == .mono { removeColors() }
    if name == .highContrast, isRich { area = .palette(243) }
  }

  /// Bold, dim and reverse remain.
  private mutating func removeColors() {
    (dim, border, stages, fills) = (nil, nil, [], nil)
    (accent, running, good, failed) = (.standard, .standard, .standard, .standard)
    (warning, lost, skipped, onAccent) = (.standard, .standard, .standard, .standard)
    cursor = Cursor(text: .standard, back: .standard)
  }

  private static func stages(_ name: ThemeName, _ isRich: Bool) -> [UInt8] {
    switch (name, isRich) {
    case (.light, true): [28, 25, 136, 90, 30, 94, 61, 64]
    case (.light, false): [2, 4, 5, 6]
    case (.highContrast, true): [46, 51, 226, 219, 117, 190, 147, 230]
    case (.colorBlindSafe, true): [36, 75, 227, 175, 250, 67, 143, 30]
    case (_, true): [71, 68, 179, 133, 37, 144, 104, 110]
    case (_, false): [2, 4, 3, 5, 6]
    }
  }

  private init(
    dim: UInt8?, border: UInt8?, accent: UInt8, running: UInt8, good: UInt8, failed: UInt8,
    warning: UInt8, lost: UInt8, skipped: UInt8, cursor: (text: UInt8, back: UInt8),
    keepsColors: Bool = false,
    fills: (done: UInt8, failed: UInt8, running: UInt8, remaining: UInt8)? = nil,
    onFill: UInt8 = 15
  ) {
    self.dim = dim.map { .palette($0) }
    self.border = border.map { .palette($0) }
    self.accent = .palette(accent)
    self.running = .palette(running)
    self.good = .palette(good)
    self.failed = .palette(failed)
    self.warning = .palette(warning)
    self.lost = .palette(lost)
    self.skipped = .palette(skipped)
    self.cursor = Cursor(
      text: .palette(cursor.text), back: .palette(cursor.back), keepsColors: keepsColors)
    onAccent = accent == 25 || accent == 4 ? .palette(15) : .palette(keepsColors ? 16 : cursor.text)
    self.fills = fills.map {
      Fills(
        done: .palette($0.done), failed: .palette($0.failed), running: .palette($0.running),
        remaining: .palette($0.remaining), text: .palette(onFill))
    }
  }

  private static let rich = ThemeColors(
    dim: 245, border: 240, accent: 75, running: 14, good: 2, failed: 9, warning: 3, lost: 208,
    skipped: 5, cursor: (231, 238), keepsColors: true, fills: (65, 131, 66, 237), onFill: 231)
  private static let few = ThemeColors(
    dim: nil, border: 4, accent: 6, running: 14, good: 2, failed: 9, warning: 3, lost: 5,
    skipped: 5, cursor: (0, 6))

  // Dark colours, because bright ones are unreadable on white.
  private static let lightRich = ThemeColors(
    dim: 242, border: 249, accent: 25, running: 31, good: 28, failed: 160, warning: 130,
    lost: 166, skipped: 90, cursor: (16, 153), keepsColors: true, fills: (157, 217, 153, 254),
    onFill: 16)
  private static let lightFew = ThemeColors(
    dim: nil, border: nil, accent: 4, running: 6, good: 2, failed: 1, warning: 5, lost: 5,
    skipped: 5, cursor: (7, 4))

  private static let contrastRich = ThemeColors(
    dim: 252, border: 255, accent: 226, running: 51, good: 46, failed: 203, warning: 226,
    lost: 214, skipped: 219, cursor: (16, 226))
  private static let contrastFew = ThemeColors(
    dim: 7, border: 7, accent: 11, running: 14, good: 10, failed: 9, warning: 11, lost: 13,
    skipped: 13, cursor: (0, 3))

  // After Okabe and Ito: sky blue, bluish green, vermilion, yellow, reddish purple.
  private static let safeRich = ThemeColors(
    dim: 247, border: 240, accent: 75, running: 117, good: 36, failed: 208, warning: 227,
    lost: 175, skipped: 250, cursor: (231, 238), keepsColors: true, fills: (29, 130, 24, 237),
    onFill: 231)
  private static let safeFew = ThemeColors(
    dim: nil, border: 4, accent: 6, running: 14, good: 4, failed: 11, warning: 3, lost: 5,
    skipped: 7, cursor: (0, 6))
}
