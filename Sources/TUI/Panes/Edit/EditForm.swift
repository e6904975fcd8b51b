internal import Engine
internal import JobProtocol
internal import Workflow

/// The user's edits of tasks before a retry: a form over the panes.
///
/// For several tasks, the form shows their common values. A change applies to all of them; other
/// values stay different.
struct EditForm: Equatable {
  enum Field: Equatable {
    /// The command; for different commands, the executable if it is the same.
    case command
    /// Arguments to append to each command, if the commands differ.
    case append
    case timeout
    /// An environment variable; the last field is empty.
    case variable(Int)
    /// Whether downstream tasks run again too.
    case scope
  }

  let tasks: [FiringID]
  /// For each task: the workflow's command, and earlier edits.
  private let commands: [JobCommand]
  private let edits: [JobEdit?]
  /// The tasks that run again with the scope `downstream`, and the waiting ones.
  let downstream: Downstream

  private(set) var focusedField: Field
  private(set) var command: TextField
  private(set) var appended = TextField()
  private(set) var timeout: TextField
  private(set) var variables: [TextField]
  private(set) var scope = RetryScope.alone
  /// The error of the last attempt to submit the form.
  private(set) var mistake: String?

  init(_ tasks: [FiringID], _ run: RunState) {
    let tasks = tasks.filter { run.accepts(.edit, $0) }
    self.tasks = tasks
    commands = tasks.compactMap { JobCommand(run.workflow[$0.process]) }
    edits = tasks.map { run.task($0)?.lastAttempt?.edit }
    downstream = run.downstream(of: tasks)
    let present = zip(commands, edits).map { $0.applying($1) }
    command = TextField(
      Self.commonValue(present.map(CommandText.text)) ?? Self.commonValue(present.map(\.executable))
        ?? "")
    let limit = Self.commonValue(present.map { CommandText.text(timeout: $0.timeout) })
    timeout = TextField(limit.map { $0 == CommandText.noTimeout ? "" : $0 } ?? "")
    variables =
      (Self.commonValue(edits.map { $0?.environment ?? [:] }) ?? [:]).sorted { $0.key < $1.key }
      .map { TextField("\($0.key)=\($0.value)") } + [TextField()]
    focusedField = Self.commonValue(present.map(CommandText.text)) == nil ? .append : .command
  }

  private static func commonValue<Value: Equatable>(_ values: [Value]) -> Value? {
    guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
    return first
  }

  /// With different commands, each keeps its arguments.
  var hasOneCommand: Bool { Self.commonValue(commandsNow.map(CommandText.text)) != nil }
  var hasOneExecutable: Bool { Self.commonValue(commandsNow.map(\.executable)) != nil }
  var hasOneTimeout: Bool { Self.commonValue(commandsNow.map(\.timeout)) != nil }
  var isShell: Bool { commands.first?.isShell ?? false }

  /// The values of the tasks' last attempts.
  var commandsNow: [JobCommand] { zip(commands, edits).map { $0.applying($1) } }

  // MARK: Keys

  var fields: [Field] {
    (hasOneExecutable ? [.command] : []) + (hasOneCommand ? [] : [.append]) + [.timeout]
      + variables.indices.map { .variable($0) }
      + (downstream.fired.isEmpty ? [] : [.scope])
  }

  mutating func handle(_ key: Key) {
    mistake = nil
    switch (key, focusedField) {
    case (.up, _), (.backTab, _): move(by: -1)
    case (.down, _), (.tab, _): move(by: 1)
    case (.character(" "), .scope), (.left, .scope), (.right, .scope):
      scope = scope == .alone ? .downstream : .alone
    case (_, .command): _ = command.handle(key)
    case (_, .append): _ = appended.handle(key)
    case (_, .timeout): _ = timeout.handle(key)
    case (_, .variable(let index)):
      _ = variables[index].handle(key)
      if variables.last?.text.isEmpty == false { variables.append(TextField()) }
    case (_, .scope): break
    }
  }

  /// Inserts pasted text into the current field.
  mutating func paste(_ text: String) {
    mistake = nil
    var isWhole = true
    switch focusedField {
    case .command: isWhole = command.insert(text)
    case .append: isWhole = appended.insert(text)
    case .timeout: isWhole = timeout.insert(text)
    case .variable(let index):
      isWhole = variables[index].insert(text)
      if variables.last?.text.isEmpty == false { variables.append(TextField()) }
    case .scope: mistake = "paste ignored: not a text field"
    }
    if !isWhole { mistake = TextField.isFull }
  }

  private mutating func move(by steps: Int) {
    let fields = self.fields
    let now = fields.firstIndex(of: focusedField) ?? 0
    focusedField = fields[(now + steps + fields.count) % fields.count]
  }

  // MARK: What it says

  /// The edit of each task, in the order of ``tasks``.
  func result() throws(CommandText.Mistake) -> [JobEdit] {
    let typed = try read()
    var results: [JobEdit] = []
    for (before, edit) in zip(commands, edits) {
      var result = edit ?? JobEdit()
      if let words = typed.command {
        result.executable = words.executable == before.executable ? nil : words.executable
        let same = words.arguments == before.arguments || isShell && words.joined == before.joined
        result.arguments = same ? nil : words.arguments
      }
      if let executable = typed.executable {
        result.executable = executable == before.executable ? nil : executable
      }
      if !typed.appended.isEmpty {
        result.arguments = (result.arguments ?? before.arguments) + typed.appended
      }
      if let seconds = typed.timeout {
        result.timeout = seconds == before.timeout ?? 0 ? nil : seconds
      }
      if let environment = typed.environment { result.environment = environment }
      results.append(result)
    }
    return results
  }

  private struct CommandWords {
    let executable: String
    let arguments: [String]

    var joined: String { ([executable] + arguments).joined(separator: " ") }
  }

  private struct FieldValues {
    var command: CommandWords?
    /// For tasks with different commands.
    var executable: String?
    var appended: [String] = []
    var timeout: Double?
    var environment: [String: String]?
  }

  /// The values of the fields; `nil` if a field with different values was left empty.
  private func read() throws(CommandText.Mistake) -> FieldValues {
    var typed = FieldValues()
    if hasOneCommand {
      let (executable, arguments) = try CommandText.words(command.text, isShell: isShell)
      typed.command = CommandWords(executable: executable, arguments: arguments)
    } else {
      if hasOneExecutable {
        typed.executable = try CommandText.words(command.text, isShell: false).executable
      }
      typed.appended = try CommandText.moreWords(appended.text)
    }
    if hasOneTimeout || !timeout.text.isEmpty {
      typed.timeout = try CommandText.timeout(timeout.text)
    }
    var environment: [String: String] = [:]
    for field in variables {
      guard let (name, value) = try CommandText.variable(field.text) else { continue }
      guard environment.updateValue(value, forKey: name) == nil else {
        throw CommandText.Mistake("environment: \(name) is set twice")
      }
    }
    if Self.commonValue(edits.map { $0?.environment ?? [:] }) != nil || !environment.isEmpty {
      typed.environment = environment
    }
    return typed
  }

  /// Whether an edit differs from the last attempts.
  func changes(_ edits: [JobEdit]) -> Bool {
    zip(self.edits, edits).contains { $0 ?? JobEdit() != $1 }
  }

  mutating func setMistake(_ text: String) { mistake = text }

  // MARK: As a whole text

  /// For an editor.
  var text: String {
    var lines = [
      "# Lines that begin with # and empty variables are ignored.",
      "# One line for each variable: env NAME=VALUE",
      "# Save and quit to return to the form; Enter there starts the retry.",
    ]
    if hasOneExecutable { lines.append("command \(command.text)") }
    if !hasOneCommand { lines.append("append \(appended.text)") }
    let isNone = hasOneTimeout && timeout.text.isEmpty
    lines.append("timeout \(isNone ? CommandText.noTimeout : timeout.text)")
    lines += variables.filter { !$0.text.isEmpty }.map { "env \($0.text)" }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Reads the text from the editor. An invalid line is an error, and nothing changes.
  mutating func handle(text: String) {
    var next = self
    next.variables = []
    next.mistake = nil
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if line.allSatisfy(\.isWhitespace) || line.first == "#" { continue }
      let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
      let value = parts.count > 1 ? parts[1] : ""
      switch parts[0] {
      case "command" where hasOneExecutable: next.command = TextField(value)
      case "append" where !hasOneCommand: next.appended = TextField(value)
      case "timeout": next.timeout = TextField(value)
      case "env": next.variables.append(TextField(value))
      default:
        mistake = "line \(number + 1) must begin with command, timeout or env; nothing changed"
        return
      }
    }
    next.variables.append(TextField())
    if !next.fields.contains(next.focusedField), let first = next.fields.first {
      next.focusedField = first
    }
    self = next
  }
}

extension JobCommand {
  fileprivate var joined: String { ([executable] + arguments).joined(separator: " ") }
}
