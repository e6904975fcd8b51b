import ArgumentParser

/// `hflow-tui run <dir or file>`
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a workflow and watch it",
    discussion: """
      Exit codes: 0 succeeded, 1 tasks failed or a process is blocked, 2 wrong usage or an invalid \
      workflow, 3 infrastructure (Redis, executor, disk), 130 stopped.

      Example: hflow-tui run . --slots 4 --retries 2
      """)

  @Argument(help: "A directory with workflow.json, a workflow file, or - for a pipe")
  var workflow: String

  @OptionGroup var options: RunOptions

  func run() throws { try options.start(workflow, called: workflow) }
}
