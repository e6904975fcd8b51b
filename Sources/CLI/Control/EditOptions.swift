import ArgumentParser
import Engine
import JobProtocol
import ShellText
import TUI
import Workflow

/// Options of `retry` that edit the task.
struct EditOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "New command line, quoted as in a shell", valueName: "text"))
  var command: String?

  @Flag(help: "Edit the command line in $VISUAL or $EDITOR")
  var editArgs = false

  @Option(
    name: .customLong("env"),
    help: ArgumentHelp("Environment variable for the job", valueName: "NAME=VALUE"))
  var environment: [String] = []

  @Option(help: ArgumentHelp("Time limit of an attempt; 0: none", valueName: "seconds"))
  var timeout: Double?

  @Flag(help: "Drop earlier edits")
  var original = false

  var isGiven: Bool {
    command != nil || editArgs || !environment.isEmpty || timeout != nil || original
  }

  func validate() throws {
    if command != nil, editArgs {
      throw ValidationError("--command and --edit-args exclude each other")
    }
    if let invalid = environment.first(where: { !$0.contains("=") || $0.hasPrefix("=") }) {
      throw ValidationError("--env \(invalid): expected NAME=VALUE")
    }
    if let timeout, timeout < 0 || !timeout.isFinite {
      throw ValidationError("--timeout must be a number of seconds; 0 means no limit")
    }
  }

  /// The edit for a task. Earlier edits remain unless these options replace them.
  func make(for task: FiringID, in run: RunState) throws(Failure) -> JobEdit {
    guard let written = run.workflow[task.process].command else {
      throw Failure(.usage, "\(run.label(task)) runs no command, so there is nothing to edit")
    }
    var edit = original ? JobEdit() : run.task(task)?.lastAttempt?.edit ?? JobEdit()
    let now = [edit.executable ?? written.executable] + (edit.arguments ?? written.arguments)
    if let words = try newWords(now) {
      edit.executable = words[0]
      edit.arguments = Array(words.dropFirst())
    }
    for pair in environment {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      edit.environment[String(parts[0])] = String(parts[1])
    }
    edit.timeout = timeout ?? edit.timeout
    return edit
  }

  private func newWords(_ now: [String]) throws(Failure) -> [String]? {
    if let command { return try words(of: command, "--command") }
    guard editArgs else { return nil }
    return try words(of: edited(now), "the command line")
  }

  /// The words after the user has edited them, one per line, quoted where necessary.
  private func edited(_ words: [String]) throws(Failure) -> String {
    guard UserProgram.hasEditor || Console.outputIsTerminal else {
      throw Failure(.usage, "no editor: set EDITOR, or use --command TEXT")
    }
    let text = words.map(ShellWords.quoted).joined(separator: "\n") + "\n"
    do throws(UserProgram.Failure) {
      return try UserProgram.edit(text, named: "command")
    } catch {
      throw Failure(.usage, error.reason)
    }
  }

  private func words(of text: String, _ place: String) throws(Failure) -> [String] {
    guard let words = ShellWords.split(text), !words.isEmpty else {
      throw Failure(.usage, "\(place): empty, or a quote is not closed")
    }
    return words
  }
}
