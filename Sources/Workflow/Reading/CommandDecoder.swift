import JSONValue
import ShellText

/// `config.executor`: the command of a process.
enum CommandDecoder {
  static func decode(
    _ config: JSONObject, _ place: JSONPath, _ findings: inout Findings
  ) -> Workflow.CommandLine? {
    let outer = MemberReader(object: config, place: place.inside(".config"))
    guard let executor = outer.object("executor", &findings) else { return nil }
    let keys = MemberReader(object: executor, place: place.inside(".config.executor"))
    let executable = executable(keys, &findings)
    let wantsShell = keys.jobFlag("shell", &findings)
    let isLine = executable.utf8.contains { $0 == 0x20 || $0 == 0x09 }
    if isLine, !wantsShell {
      findings.warning(
        keys.place.key("executable"),
        "\(executable.quotedForMessage) has spaces: run by a shell (say \"shell\": true)")
    }
    if keys.value("executable") == "", !wantsShell {
      findings.warning(keys.place.key("executable"), "empty, there is nothing to run")
    }
    let shell = wantsShell || isLine
    return Workflow.CommandLine(
      executable: executable, arguments: arguments(keys, shell: shell, &findings), shell: shell,
      stdout: keys.text("stdout", &findings), stderr: keys.text("stderr", &findings),
      stdoutAppend: keys.text("stdoutAppend", &findings),
      stderrAppend: keys.text("stderrAppend", &findings), all: executor)
  }

  private static func executable(_ keys: MemberReader, _ findings: inout Findings) -> String {
    if keys.value("executable") == nil {
      findings.error(keys.place.key("executable"), "missing, expected the program to run")
    }
    return keys.text("executable", &findings) ?? ""
  }

  private static func arguments(
    _ keys: MemberReader, shell: Bool, _ findings: inout Findings
  ) -> [String] {
    switch keys.value("args") {
    case nil: return []
    case .array(let elements)?:
      var words: [String] = []
      words.reserveCapacity(elements.count)
      for (position, element) in elements.enumerated() {
        words.append(argument(element, at: keys.place.element("args", position), &findings))
      }
      return words
    // A shell splits the line itself.
    case .string(let line)? where shell: return [line]
    case .string(let line)?:
      if let words = ShellWords.split(line) { return words }
      findings.error(keys.place.key("args"), "a quote is not closed in \(line.quotedForMessage)")
    case let other?:
      findings.error(
        keys.place.key("args"), "expected an array of strings, found \(other.described)")
    }
    return []
  }

  private static func argument(
    _ json: JSON, at path: @autoclosure () -> String, _ findings: inout Findings
  ) -> String {
    switch json {
    case .string, .int, .double, .bool: return json.displayText
    case .null, .array, .object:
      findings.error(path(), "expected a string or a number, found \(json.described)")
      return ""
    }
  }
}
