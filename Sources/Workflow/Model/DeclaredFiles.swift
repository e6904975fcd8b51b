import JSONValue
import ShellText

/// The files that a task declares: its data signals that name files.
///
/// | a data signal | is a file |
/// |---|---|
/// | has the attribute `"file": false`, or `config.files` is false | no |
/// | has the attribute `file`, `workflow_input` or `workflow_output` | yes |
/// | `config.files` names it, or is true | yes |
/// | names the file of `stdout`, `stderr`, `stdoutAppend` or `stderrAppend` | yes |
/// | is an argument of the command, or what follows `=` in one | yes |
/// | is what a shell line redirects to or from, or a word of it with a dot or a slash | yes |
/// | any other | no |
///
/// Numbers and options (`-x`) are no files because they are arguments, and neither is anything in a
/// shell line that changes its directory. A name in `config.files` that is no signal of the process
/// is a file that its command reads.
public struct DeclaredFiles: Sendable, Equatable {
  /// In the order of the signals, then those of `config.files` that are no signals.
  public private(set) var inputs: [Input] = []
  public private(set) var outputs: [SignalID] = []

  public struct Input: Sendable, Equatable {
    public let name: String
    /// `nil` for a file that is no signal.
    public let signal: SignalID?
  }

  public var isEmpty: Bool { inputs.isEmpty && outputs.isEmpty }

  /// - Parameters:
  ///   - firing: from 1; `nil` for the outputs of all firings.
  ///   - command: the command of the attempt.
  public init(
    of process: Workflow.Process, firing: Int?, command: Workflow.CommandLine?,
    in workflow: Workflow
  ) {
    guard let command else { return }
    let given = process.config["files"]
    if given?.bool == false { return }
    let named = given?.array?.compactMap(\.string) ?? []
    let rule = FileRule(
      all: given?.bool == true, named: Set(named), command: command)
    func isFile(_ signal: SignalID) -> Bool { rule.isFile(workflow.signals[signal.index]) }
    inputs = process.inputs.filter { $0.control == nil && isFile($0.signal) }
      .map { Input(name: workflow.signals[$0.signal.index].name, signal: $0.signal) }
    let data =
      firing.map { process.dataOutputs(ofFiring: $0) }
      ?? process.outputs.filter { $0.control == nil }
    outputs = data.map(\.signal).filter(isFile)
    if !named.isEmpty {
      let signals = Set(
        (process.inputs.map(\.signal) + process.outputs.map(\.signal)).map {
          workflow.signals[$0.index].name
        })
      inputs += named.filter { !signals.contains($0) }.map { Input(name: $0, signal: nil) }
    }
  }
}

extension Workflow.Process {
  /// `config.checkFiles`: a missing file fails the task; `nil` leaves it to the run.
  public var checksFiles: Bool? { config["checkFiles"]?.bool }
}

extension Workflow.CommandLine {
  /// The command with a user's edits. A command with spaces or tabs is for a shell.
  public func edited(executable: String?, arguments: [String]?) -> Workflow.CommandLine {
    let isLine = executable?.utf8.contains { $0 == 0x20 || $0 == 0x09 } ?? false
    return Workflow.CommandLine(
      executable: executable ?? self.executable, arguments: arguments ?? self.arguments,
      shell: shell || isLine, stdout: stdout, stderr: stderr, stdoutAppend: stdoutAppend,
      stderrAppend: stderrAppend, all: all)
  }

  /// The files of the output streams.
  var streamFiles: [String] {
    [stdout ?? stdoutAppend, stderr ?? stderrAppend].compactMap(\.self).filter { !$0.isEmpty }
  }
}

/// Which signals of one process are files.
private struct FileRule {
  let all: Bool
  let named: Set<String>
  private let words: Set<String>
  private let streams: [String]

  init(all: Bool, named: Set<String>, command: Workflow.CommandLine) {
    self.all = all
    self.named = named
    streams = command.streamFiles
    words = Self.words(of: command)
  }

  func isFile(_ signal: Workflow.Signal) -> Bool {
    if signal.attributes["file"]?.bool == false { return false }
    if all || named.contains(signal.name) { return true }
    for key in ["file", "workflow_input", "workflow_output"] {
      if let value = signal.attributes[key], value != false, value != .null { return true }
    }
    if streams.contains(signal.name) { return true }
    return Self.mayBeFile(signal.name) && words.contains(signal.name)
  }

  private static func mayBeFile(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix("-") && Double(name) == nil
  }

  private static func words(of command: Workflow.CommandLine) -> Set<String> {
    let arguments = command.arguments
    if command.shell { return line(([command.executable] + arguments).joined(separator: " ")) }
    let program = command.executable.split(separator: "/").last.map(String.init) ?? ""
    if shells.contains(program), let flag = arguments.firstIndex(of: "-c"),
      arguments.indices.contains(flag + 1)
    {
      return line(arguments[flag + 1]).union(words(arguments[(flag + 2)...]))
    }
    return words(arguments[...])
  }

  private static let shells: Set = ["sh", "bash", "dash", "ksh", "zsh"]

  private static func words(_ arguments: ArraySlice<String>) -> Set<String> {
    var words = Set<String>(minimumCapacity: arguments.count)
    for word in arguments { insert(word, into: &words) }
    return words
  }

  private static func insert(_ word: String, into words: inout Set<String>) {
    words.insert(word)
    if let sign = word.utf8.firstIndex(of: UInt8(ascii: "=")) {
      words.insert(String(word[word.utf8.index(after: sign)...]))
    }
  }

  /// The words of a shell line that redirect, or that have a dot or a slash: the others may be
  /// anything.
  private static func line(_ text: String) -> Set<String> {
    let parts =
      text.replacing("<", with: " < ").replacing(">", with: " > ")
      .split { " \t\n;|&()`'\"".contains($0) }.map(String.init)
    if parts.contains("cd") || parts.contains("pushd") { return [] }
    var words: Set<String> = []
    var isTarget = false
    for part in parts {
      if part == "<" || part == ">" {
        isTarget = true
        continue
      }
      if isTarget || part.utf8.contains(where: { $0 == 0x2E || $0 == 0x2F }) {
        insert(part, into: &words)
      }
      isTarget = false
    }
    return words
  }
}
