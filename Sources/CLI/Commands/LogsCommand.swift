import ArgumentParser
import Engine
import HumanText
import JobProtocol
import Posix
import Runner
import Workflow

/// `hflow-tui logs <run> <task>`
struct LogsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract: "Print the output of a task",
    discussion: """
      Prints standard output and standard error in the order in which the job wrote them. Escape \
      sequences are removed on a terminal and kept in a file or a pipe. The exit code is 1 if the \
      job was never started.

      Example: hflow-tui logs last mDiffFit:17 --stderr
      """)

  @OptionGroup var choice: RunChoice

  @Argument(
    help: ArgumentHelp(
      "The task's name (mDiff:3), its first letters, or its numbers (3:1)",
      valueName: "task"))
  var task: String

  @Flag(name: .shortAndLong, help: "Print new output until the attempt ends")
  var follow = false

  @Option(help: ArgumentHelp("Number of the attempt (default: the last)", valueName: "number"))
  var attempt: Int?

  @Flag(help: "Print standard error only")
  var stderr = false

  func run() throws {
    let opened = try OpenedRun(try choice.find())
    defer { opened.close() }
    let (state, lastID) = try opened.state()
    let task = try TaskNames.one(task, in: state)
    let live = LiveRun(state, of: opened, after: lastID)
    let number = try number(of: task, in: state)
    let attempt = AttemptID(task, number)
    let reader = LogPrinter(
      opened, attempt, info: state.info, errorsOnly: stderr)
    let isPrinted =
      follow && !live.isOver(attempt)
      ? try reader.follow { await live.wait(forEndOf: attempt) } : try reader.print()
    guard !isPrinted else { return }
    let missing = MissingOutput(live.record(of: attempt), errorsOnly: stderr)
    Console.printError("\(state.label(task)), attempt \(number): \(missing.text)")
    if missing.hasNotRun { throw Failure(.tasksFailed, []) }
  }

  /// The attempt to show: the last one that has started, or with `--follow` the last one.
  private func number(of task: FiringID, in run: RunState) throws(Failure) -> Int {
    let attempts = run.task(task)?.attempts ?? []
    let count = attempts.last?.number ?? 0
    if let attempt {
      guard attempt >= 1, attempt <= (follow ? count + 1 : count) else {
        let have = Formats.counted(count, "attempt")
        throw Failure(
          .usage, "\(run.label(task)) has no attempt \(attempt), only \(have)"
        )
      }
      return attempt
    }
    if follow, !run.isFinished { return max(1, count) }
    guard let begun = attempts.last(where: { $0.takenAt != nil || $0.outcome != nil }) else {
      throw Failure(
        .usage,
        "\(run.label(task)) has not started: it \(run.state(of: task).sentence); to wait: --follow")
    }
    return begun.number
  }
}
