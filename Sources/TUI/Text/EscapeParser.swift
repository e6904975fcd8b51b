/// Splits raw job output into printable text and controls.
///
/// Bytes arrive in arbitrary pieces. The results are printable scalars, the controls that
/// matter for lines, and SGR parameters (colours). All other controls and escape sequences are
/// removed, so job output cannot control the user's terminal:
///
/// | input | result |
/// |---|---|
/// | `\n`, `\r`, `\t`, `\b` | events of their own |
/// | `ESC [ … m` or `U+009B … m` | `.style` |
/// | other CSI; ESC and its intermediates and final | nothing |
/// | OSC, DCS, SOS, PM, APC up to BEL, ST, CAN, SUB | nothing |
/// | other C0 and C1 controls, DEL | nothing |
/// | bidi controls, variation selectors and their like | nothing |
/// | invalid UTF-8 | U+FFFD for each maximal invalid part |
struct EscapeParser {
  enum Event: Equatable {
    case text(Unicode.Scalar)
    case lineFeed, carriageReturn, tab, backspace
    /// SGR parameters; a missing one is 0.
    case style([Int])
  }

  private enum State {
    case ground
    case escape
    /// After ESC and an intermediate byte such as `(`.
    case escapeIntermediate
    case csi
    /// In a string that ends with ST, before the start of ST.
    case string
    case stringEscape
  }

  private var state = State.ground
  private var parameters: [UInt8] = []
  private var decoder = UTF8Decoder()

  /// Whether the next printable ASCII byte is plain text, so that the caller may bypass the
  /// parser.
  var isIdle: Bool { state == .ground && decoder.isIdle }

  mutating func feed(_ byte: UInt8, _ emit: (Event) -> Void) {
    let (invalid, scalar) = decoder.feed(byte)
    if let invalid { feed(invalid, emit) }
    if let scalar { feed(scalar, emit) }
  }

  private mutating func feed(_ scalar: Unicode.Scalar, _ emit: (Event) -> Void) {
    switch state {
    case .ground: ground(scalar, emit)
    case .escape: escape(scalar, emit)
    case .escapeIntermediate: escapeIntermediate(scalar, emit)
    case .csi: csi(scalar, emit)
    case .string: string(scalar, emit)
    case .stringEscape: stringEscape(scalar, emit)
    }
  }

  private mutating func ground(_ scalar: Unicode.Scalar, _ emit: (Event) -> Void) {
    switch scalar.value {
    case 0x08: emit(.backspace)
    case 0x09: emit(.tab)
    case 0x0A: emit(.lineFeed)
    case 0x0D: emit(.carriageReturn)
    case 0x1B: state = .escape
    case 0x90, 0x98, 0x9D...0x9F: state = .string
    case 0x9B: beginCSI()
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: break
    default:
      if scalar.value < 0x80 || !DisplayWidth.isInvisible(scalar) { emit(.text(scalar)) }
    }
  }

  private mutating func escape(_ scalar: Unicode.Scalar, _ emit: (Event) -> Void) {
    switch scalar.value {
    case 0x5B: beginCSI()
    case 0x50, 0x58, 0x5D, 0x5E, 0x5F: state = .string
    case 0x20...0x2F: state = .escapeIntermediate
    case 0x30...0x7E: state = .ground
    default: restart(scalar, emit)
    }
  }

  private mutating func escapeIntermediate(_ scalar: Unicode.Scalar, _ emit: (Event) -> Void) {
    switch scalar.value {
    case 0x20...0x2F: break
    case 0x30...0x7E: state = .ground
    default: restart(scalar, emit)
    }
  }

  private mutating func beginCSI() {
    state = .csi
    parameters.removeAll(keepingCapacity: true)
  }

  private mutating func csi(_ scalar: Unicode.Scalar, _ emit: (Event) -> Void) {
    switch scalar.value {
    case 0x20...0x3F:
      if parameters.count < 64 { parameters.append(UInt8(scalar.value)) }
    case 0x6D:
      state = .ground
      if let numbers = styleParameters { emit(.style(numbers)) }
    case 0x40...0x7E: state = .ground
    default: restart(scalar, emit)
    }
  }

  private mutating func string(_ scalar: Unicode.Scalar, _ emit: (Event) -> Void) {
    switch scalar.value {
    case 0x07, 0x18, 0x1A, 0x9C: state = .ground
    case 0x1B: state = .stringEscape
    case 0x0A: restart(scalar, emit)  // A string that never ends must not eat the whole log.
    default: break
    }
  }

  private mutating func stringEscape(_ scalar: Unicode.Scalar, _ emit: (Event) -> Void) {
    if scalar == "\\" {
      state = .ground
    } else {
      restart("\u{1B}", emit)
      feed(scalar, emit)
    }
  }

  /// Ends a sequence at an invalid byte, and reads that byte again.
  private mutating func restart(_ scalar: Unicode.Scalar, _ emit: (Event) -> Void) {
    state = .ground
    ground(scalar, emit)
  }

  /// `nil` for private sequences such as `ESC [ ? 1 m` or `ESC [ > 4 m`.
  private var styleParameters: [Int]? {
    var numbers = [0]
    for byte in parameters {
      switch byte {
      case 0x30...0x39:
        numbers[numbers.count - 1] = min(9999, numbers[numbers.count - 1] * 10 + Int(byte - 0x30))
      case 0x3A, 0x3B: numbers.append(0)
      default: return nil
      }
    }
    return numbers
  }
}
