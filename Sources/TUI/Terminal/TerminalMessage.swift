internal import HumanText

/// Escape sequences for the clipboard and for desktop notifications. Terminals ignore those
/// that they do not know.
enum TerminalMessage {
  /// The limit of most terminals.
  static let clipboardLimit = 74_994

  /// OSC 52; `nil` if the text is too long.
  static func clipboard(_ text: String, terminal: TerminalKind) -> String? {
    let encoded = base64(Array(text.utf8))
    guard encoded.utf8.count <= clipboardLimit else { return nil }
    return terminal.wrap("\u{1B}]52;c;\(encoded)\u{7}")
  }

  /// OSC 9 or 777, depending on the terminal.
  static func notification(_ text: String, terminal: TerminalKind) -> String {
    let words = LineText.safe(text).map { $0 == ";" ? "," : $0 }
    let body = terminal.knows777 ? "777;notify;hflow-tui;\(String(words))" : "9;\(String(words))"
    return terminal.wrap("\u{1B}]\(body)\u{7}")
  }

  static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 4 / 3 + 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
      for place in 0..<4 {
        let digit = Int(bits >> UInt32(18 - 6 * place)) & 63
        text.append(place <= group.count ? digits[digit] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// The terminal and a multiplexer, from the environment.
struct TerminalKind: Equatable {
  enum Multiplexer: Equatable { case none, tmux, screen }

  /// `TERM`.
  let name: String
  let multiplexer: Multiplexer
  let knows777: Bool
  /// Old consoles print unknown sequences.
  let ignoresUnknown: Bool

  init(_ environment: (String) -> String?) {
    let name = environment("TERM") ?? ""
    self.name = name
    if environment("TMUX") != nil {
      multiplexer = .tmux
    } else if environment("STY") != nil {
      multiplexer = .screen
    } else {
      multiplexer = .none
    }
    knows777 = name.hasPrefix("rxvt") || environment("VTE_VERSION") != nil
    ignoresUnknown = !["linux", "vt", "dumb", "ansi", "cons"].contains { name.hasPrefix($0) }
  }

  /// Wraps a sequence for a multiplexer. tmux handles the clipboard sequence itself.
  func wrap(_ sequence: String) -> String {
    guard ignoresUnknown else { return "" }
    switch multiplexer {
    case .none: return sequence
    case .tmux:
      if sequence.hasPrefix("\u{1B}]52;") { return sequence }
      let doubled = sequence.map { $0 == "\u{1B}" ? "\u{1B}\u{1B}" : String($0) }.joined()
      return "\u{1B}Ptmux;\(doubled)\u{1B}\\"
    case .screen: return "\u{1B}P\(sequence)\u{1B}\\"
    }
  }
}
