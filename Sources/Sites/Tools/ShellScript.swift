import ShellText

/// Text for a POSIX shell.
enum ShellScript {
  /// The words as one command.
  static func command(_ words: [String]) -> String {
    words.map(ShellWords.quoted).joined(separator: " ")
  }

  /// A path that may begin with `~/`, which stands for the home directory of that host.
  static func path(_ text: String) -> String {
    text.hasPrefix("~/")
      ? "\"$HOME\"/" + ShellWords.quoted(String(text.dropFirst(2)))
      : ShellWords.quoted(text)
  }

  /// Assignments of the variables, with their values quoted.
  static func assignments(_ variables: [(name: String, value: String?)]) -> String {
    variables.compactMap { name, value in
      value.map { "\(name)=\(ShellWords.quoted($0))" }
    }.joined(separator: " ")
  }
}
