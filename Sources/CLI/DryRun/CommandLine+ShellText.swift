import JSONValue
import ShellText
import Workflow

extension Workflow.CommandLine {
  /// The job as one shell command: directory, environment, words, redirections.
  var shellText: String {
    var parts: [String] = []
    if let directory = all["work_dir"]?.string, !directory.isEmpty {
      parts += ["cd", Self.word(directory), "&&"]
    }
    for (name, value) in all["env"]?.object?.members ?? [] {
      parts.append("\(Self.word(name))=\(Self.word(value.displayText))")
    }
    let words = [executable] + arguments
    parts += shell ? ["sh", "-c", Self.word(words.joined(separator: " "))] : words.map(Self.word)
    parts += Self.redirection(">", stdout, stdoutAppend)
    parts += Self.redirection("2>", stderr, stderrAppend)
    return parts.joined(separator: " ")
  }

  /// `stdout` takes precedence over `stdoutAppend`, as in the executor.
  private static func redirection(_ sign: String, _ file: String?, _ append: String?) -> [String] {
    if let file, !file.isEmpty { return [sign, word(file)] }
    if let append, !append.isEmpty { return [sign + ">", word(append)] }
    return []
  }

  /// Control characters are written as `$'…'`, which Bash, ksh and zsh understand.
  private static func word(_ text: String) -> String {
    if text.displayName == text { return ShellWords.quoted(text) }
    var quoted = "$'"
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\", "'": quoted += "\\\(scalar)"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      default:
        let shown = String(scalar)
        quoted += shown.displayName == shown ? shown : octal(shown)
      }
    }
    return quoted + "'"
  }

  /// Always three octal digits: a hexadecimal escape would absorb the next character.
  private static func octal(_ text: String) -> String {
    text.utf8.map { byte in
      let digits = String(byte, radix: 8)
      return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
    }.joined()
  }
}
