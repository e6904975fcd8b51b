internal import Engine
internal import JobProtocol
internal import ShellText
internal import Workflow

/// Commands, limits and variables as people type them, and back.
enum CommandText {
  /// What is typed cannot be understood; in one line.
  struct Mistake: Error, Equatable {
    let text: String
    init(_ text: String) { self.text = text }
  }

  /// The command on one line: words quoted as for a shell, or the shell's own line.
  static func text(_ command: JobCommand) -> String {
    let words = [command.executable] + command.arguments
    return (command.isShell ? words : words.map(ShellWords.quoted)).joined(separator: " ")
  }

  /// The words of a command; a shell's line is left in one piece behind its first word.
  static func words(
    _ text: String, isShell: Bool
  ) throws(Mistake) -> (executable: String, arguments: [String]) {
    let words: [String]
    if isShell {
      words = text.split(separator: " ", maxSplits: 1).map(String.init)
    } else {
      guard let split = ShellWords.split(text) else {
        throw Mistake("command: a quote is not closed")
      }
      words = split
    }
    guard let first = words.first, !first.isEmpty else {
      throw Mistake("command: there is none; Esc leaves everything as it is")
    }
    return (first, Array(words.dropFirst()))
  }

  /// Words that are put behind a command.
  static func moreWords(_ text: String) throws(Mistake) -> [String] {
    guard let words = ShellWords.split(text) else { throw Mistake("append: a quote is not closed") }
    return words
  }

  /// What stands for no limit.
  static let noTimeout = "none"

  static func text(timeout: Double?) -> String {
    guard let timeout, timeout > 0 else { return noTimeout }
    return timeout == timeout.rounded() && timeout < 1e15 ? "\(Int(timeout)) s" : "\(timeout) s"
  }

  /// Seconds; 0 for none: `90`, `90 s`, `1.5 m`, `2 h`, `none`.
  static func timeout(_ text: String) throws(Mistake) -> Double {
    let text = text.filter { $0 != " " }.lowercased()
    if text.isEmpty || text == "none" { return 0 }
    let units: [(String, Double)] = [("s", 1), ("m", 60), ("min", 60), ("h", 3600)]
    let unit = units.last { text.hasSuffix($0.0) }
    let number = Double(text.dropLast(unit?.0.count ?? 0))
    guard let number, number >= 0, number.isFinite, number * (unit?.1 ?? 1) <= 1e9 else {
      throw Mistake("timeout: not understood: 90 s, 1.5 m, 2 h and none are")
    }
    return number * (unit?.1 ?? 1)
  }

  /// `NAME=VALUE`; `nil` for an empty line.
  static func variable(_ text: String) throws(Mistake) -> (name: String, value: String)? {
    if text.allSatisfy({ $0 == " " }) { return nil }
    guard let equals = text.firstIndex(of: "=") else {
      throw Mistake("environment: \(text.displayName) has no value: write NAME=VALUE")
    }
    let name = text[..<equals].filter { $0 != " " }
    let isName =
      name.first?.isNumber == false
      && name.allSatisfy { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
    guard isName else {
      throw Mistake("environment: \(name.displayName) is no name: letters, digits and _ make one")
    }
    return (name, String(text[text.index(after: equals)...]))
  }
}
