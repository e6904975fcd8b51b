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
    abstract: "Print the output of a task, as its job wrote it.",
    discussion: """
      Standard output and standard error come mixed as they were written. On a terminal the lines \
      are made harmless; to a file or a pipe they go byte by byte. Where there is none, standard \
      error says why; the exit code is 1 if the command was never started. It is one task's; of a \
      filter ("says:overlap") standard error names the tasks that it fits.
      """)

  @OptionGroup var choice: RunChoice

  @Argument(
    help: ArgumentHelp(
      "The task's label (mDiff:3) or its beginning, or process and firing (3:1).",
      valueName: "task"))
  var task: String

  @Flag(name: .shortAndLong, help: "Go on until the attempt ends; wait for it to begin.")
  var follow = false

  @Option(help: ArgumentHelp("Which attempt (default: the last).", valueName: "number"))
  var attempt: Int?

  @Flag(help: "Only standard error.")
  var stderr = false

  func run() throws {
    let opened = try OpenedRun(try choice.find())
    defer { opened.close() }
    let (state, lastID) = try opened.state()
    let task = try TaskNames.one(task, in: state)
    let news = RunNews(state, of: opened, after: lastID)
    let number = try number(of: task, in: state)
    let attempt = AttemptID(task, number)
    let reader = LogReader(
      opened, attempt, directory: state.info?.directory ?? ".", errorsOnly: stderr)
    let isSaid =
      follow && !news.isOver(attempt)
      ? try reader.follow { await news.wait(forEndOf: attempt) } : try reader.print()
    guard !isSaid else { return }
    let silence = Silence(news.record(of: attempt), errorsOnly: stderr)
    Terminal.complain("\(state.label(task)), attempt \(number): \(silence.text)")
    if silence.hasNotRun { throw Failure(.tasksFailed, []) }
  }

  /// The attempt to show: of those that are there the last that has begun, or with `--follow` the
  /// one that will.
  private func number(of task: FiringID, in run: RunState) throws(Failure) -> Int {
    let attempts = run.task(task)?.attempts ?? []
    let count = attempts.last?.number ?? 0
    if let attempt {
      guard attempt >= 1, attempt <= (follow ? count + 1 : count) else {
        let have = Formats.counted(count, "attempt")
        throw Failure(
          .usage, "\(run.label(task)) has \(have); there is no attempt \(attempt)"
        )
      }
      return attempt
    }
    if follow, !run.isFinished { return max(1, count) }
    guard let begun = attempts.last(where: { $0.takenAt != nil || $0.outcome != nil }) else {
      throw Failure(
        .usage,
        "\(run.label(task)) has not begun (it \(run.state(of: task).sentence)); --follow waits")
    }
    return begun.number
  }
}
