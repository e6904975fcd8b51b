internal import Engine
internal import JobProtocol
internal import ShellText
internal import Workflow

/// Commands, time limits and variables as text that users type.
enum CommandText {
  /// The text is not valid; one line.
  struct Mistake: Error, Equatable {
    let text: String
    init(_ text: String) { self.text = text }
  }

  /// The command on one line: words quoted as for a shell, or the shell's own line.
  static func text(_ command: JobCommand) -> String {
    let words = [command.executable] + command.arguments
    return (command.isShell ? words : words.map(ShellWords.quoted)).joined(separator: " ")
  }

  /// The words of a command; a shell's line stays one word after the first.
  static func words(
    _ text: String, isShell: Bool
  ) throws(Mistake) -> (executable: String, arguments: [String]) {
    let words: [String]
    if isShell {
      words = text.split(separator: " ", maxSplits: 1).map(String.init)
    } else {
      guard let split = ShellWords.split(text) else {
        throw Mistake("command: unclosed quote")
      }
      words = split
    }
    guard let first = words.first, !first.isEmpty else {
      throw Mistake("command: empty; Esc cancels")
    }
    return (first, Array(words.dropFirst()))
  }

  /// The arguments to append to a command.
  static func moreWords(_ text: String) throws(Mistake) -> [String] {
    guard let words = ShellWords.split(text) else { throw Mistake("append: unclosed quote") }
    return words
  }

  /// The text for no limit.
  static let noTimeout = "none"

  static func text(timeout: Double?) -> String {
    guard let timeout, timeout > 0 else { return noTimeout }
    return timeout == timeout.rounded() && timeout < 1e15 ? "\(Int(timeout)) s" : "\(timeout) s"
  }

  /// Seconds; 0 for none. Accepts `90`, `90 s`, `1.5 m`, `2 h`, `none`.
  static func timeout(_ text: String) throws(Mistake) -> Double {
    let text = text.filter { $0 != " " }.lowercased()
    if text.isEmpty || text == "none" { return 0 }
    let units: [(String, Double)] = [("s", 1), ("m", 60), ("min", 60), ("h", 3600)]
    let unit = units.last { text.hasSuffix($0.0) }
    let number = Double(text.dropLast(unit?.0.count ?? 0))
    guard let number, number >= 0, number.isFinite, number * (unit?.1 ?? 1) <= 1e9 else {
      throw Mistake("timeout: write it as 90 s, 1.5 m, 2 h or none")
    }
    return number * (unit?.1 ?? 1)
  }

  /// `NAME=VALUE`; `nil` for an empty line.
  static func variable(_ text: String) throws(Mistake) -> (name: String, value: String)? {
    if text.allSatisfy({ $0 == " " }) { return nil }
    guard let equals = text.firstIndex(of: "=") else {
      throw Mistake("environment: \(text.displayName): write NAME=VALUE")
    }
    let name = text[..<equals].filter { $0 != " " }
    let isName =
      name.first?.isNumber == false
      && name.allSatisfy { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
    guard isName else {
      throw Mistake("environment: \(name.displayName): a name has letters, digits and _")
    }
    return (name, String(text[text.index(after: equals)...]))
  }
}
