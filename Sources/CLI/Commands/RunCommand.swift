import ArgumentParser

/// `hflow-tui run <dir or file>`
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a workflow and watch it.",
    discussion: """
      Exit codes: 0 succeeded, 1 tasks failed or a process is blocked, 2 wrong usage or an invalid \
      workflow, 3 infrastructure (Redis, executor), 130 stopped.
      """)

  @Argument(help: "The workflow's directory (with workflow.json in it), its file, or - for a pipe.")
  var workflow: String

  @OptionGroup var options: RunOptions

  func run() throws { try options.start(workflow, called: workflow) }
}
