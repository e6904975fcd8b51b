import ArgumentParser
import Engine
import JobProtocol
import ShellText
import TUI
import Workflow

/// What `retry` changes about the attempt it makes.
struct EditOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Another command line; quotes and backslashes as in a shell.", valueName: "text"))
  var command: String?

  @Flag(help: "Open the command line in $VISUAL or $EDITOR first.")
  var editArgs = false

  @Option(
    name: .customLong("env"),
    help: ArgumentHelp("Added to the job's environment.", valueName: "NAME=VALUE"))
  var environment: [String] = []

  @Option(help: ArgumentHelp("Seconds of wall clock; 0 for no limit.", valueName: "seconds"))
  var timeout: Double?

  @Flag(help: "As the workflow says, without earlier edits.")
  var original = false

  var isGiven: Bool {
    command != nil || editArgs || !environment.isEmpty || timeout != nil || original
  }

  func validate() throws {
    if command != nil, editArgs {
      throw ValidationError("--command and --edit-args exclude each other")
    }
    if let bad = environment.first(where: { !$0.contains("=") || $0.hasPrefix("=") }) {
      throw ValidationError("--env \(bad): expected NAME=VALUE")
    }
    if let timeout, timeout < 0 || !timeout.isFinite {
      throw ValidationError("--timeout needs a number of seconds, or 0 for no limit")
    }
  }

  /// Earlier edits of the task stay where these options say nothing.
  func make(for task: FiringID, in run: RunState) throws(Failure) -> JobEdit {
    guard let written = run.workflow[task.process].command else {
      throw Failure(.usage, "\(run.label(task)) runs no command that could be edited")
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

  /// What a person makes of it in their editor: one word a line, quoted where that is needed.
  private func edited(_ words: [String]) throws(Failure) -> String {
    guard PersonalProgram.hasEditor || Terminal.outputIsTerminal else {
      throw Failure(.usage, "set EDITOR to the editor to use, or give --command TEXT")
    }
    let text = words.map(ShellWords.quoted).joined(separator: "\n") + "\n"
    do throws(PersonalProgram.Failure) {
      return try PersonalProgram.edit(text, named: "command")
    } catch {
      throw Failure(.usage, error.reason)
    }
  }

  private func words(of text: String, _ place: String) throws(Failure) -> [String] {
    guard let words = ShellWords.split(text), !words.isEmpty else {
      throw Failure(.usage, "\(place): it is empty, or a quote is not closed")
    }
    return words
  }
}
