extension Style {
  /// Applies the parameters of an SGR sequence, except blinking, hiding and fonts.
  mutating func apply(sgr parameters: [Int]) {
    var rest = parameters[...]
    while let parameter = rest.popFirst() {
      switch parameter {
      case 0: self = .plain
      case 1: attributes.insert(.bold)
      case 2: attributes.insert(.dim)
      case 3: attributes.insert(.italic)
      case 4: attributes.insert(.underline)
      case 7: attributes.insert(.reverse)
      case 22: attributes.subtract([.bold, .dim])
      case 23: attributes.remove(.italic)
      case 24: attributes.remove(.underline)
      case 27: attributes.remove(.reverse)
      default: applyColour(parameter, &rest)
      }
    }
  }

  private mutating func applyColour(_ parameter: Int, _ rest: inout ArraySlice<Int>) {
    switch parameter {
    case 30...37: foreground = .palette(UInt8(parameter - 30))
    case 38: if let color = Self.extended(&rest) { foreground = color }
    case 39: foreground = .standard
    case 40...47: background = .palette(UInt8(parameter - 40))
    case 48: if let color = Self.extended(&rest) { background = color }
    case 49: background = .standard
    case 90...97: foreground = .palette(UInt8(parameter - 90 + 8))
    case 100...107: background = .palette(UInt8(parameter - 100 + 8))
    default: break
    }
  }

  /// Reads the rest of `38;5;n` and `38;2;r;g;b`.
  private static func extended(_ rest: inout ArraySlice<Int>) -> Color? {
    switch rest.popFirst() {
    case 5: return rest.popFirst().flatMap { UInt8(exactly: $0) }.map(Color.palette)
    case 2:
      let parts = rest.prefix(3).compactMap { UInt8(exactly: $0) }
      rest = rest.dropFirst(3)
      return parts.count == 3 ? .rgb(parts[0], parts[1], parts[2]) : nil
    default: return nil
    }
  }
}
