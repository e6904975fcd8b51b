import ArgumentParser
import Engine
import JobProtocol
import Workflow

/// `hflow-tui retry <run> [task…]`
struct RetryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Run failed tasks again, as they are or edited.",
    discussion: """
      Tasks are named by label (mDiff:3), by process and firing (3:1), or by a filter as on the \
      screen ("state:failed host:node-a"). A task with whose outputs others have run needs --only \
      or --downstream. Filters know state, cause, stage, host, worker, process, firing, attempt, \
      task, says and signature; "Filters" in docs/runs.md has all of them. The engine of a closed \
      or interrupted run is started again.
      """)

  @OptionGroup var choice: ControlledRun

  @Argument(help: ArgumentHelp("Tasks or filters.", valueName: "task"))
  var tasks: [String] = []

  @Flag(help: "Every failed, lost or cancelled task.")
  var failed = false

  @Flag(help: "The tasks alone: what has run with their outputs stays as it is.")
  var only = false

  @Flag(help: "The tasks and everything that has run with their outputs.")
  var downstream = false

  @OptionGroup var edit: EditOptions

  func validate() throws {
    if tasks.isEmpty == !failed {
      throw ValidationError("give tasks or --failed, and not both")
    }
    if only, downstream { throw ValidationError("--only and --downstream exclude each other") }
    if failed, edit.isGiven { throw ValidationError("an edit needs the task that it is for") }
  }

  func run() throws {
    try ControlSession.begin(choice).perform(wakes: true, runsAgain: true) { run in
      if failed { return allFailed(in: run) }
      let named = try TaskNames.all(tasks, in: run)
      let selection = TaskSelection(named, in: run) { state, task in refusal(state, task, run) }
      try checkScope(selection.chosen, in: run)
      let requests = try requests(selection, in: run)
      return ControlDeed(
        requests: requests, awaited: attempts(of: selection.chosen, in: run),
        notes: selection.notes)
    }
  }

  private func allFailed(in run: RunState) -> ControlDeed {
    let failed = run.processes.flatMap(\.tasks).filter(\.state.needsAttention).map(\.id)
    guard !failed.isEmpty else { return .nothing(["no task of run \(run.shortID) has failed"]) }
    return ControlDeed(requests: [.retryAllFailed], awaited: attempts(of: failed, in: run))
  }

  private func refusal(_ state: TaskState, _ task: FiringID, _ run: RunState) -> String? {
    switch state {
    case .failed, .lost, .cancelled, .retrying, .succeeded, .skipped: nil
    case .waiting, .held: "it has not run yet"
    case .ready, .queued, .running: "it \(state.sentence); cancel it first"
    }
  }

  private func checkScope(_ tasks: [FiringID], in run: RunState) throws {
    guard !only, !downstream else { return }
    let after = run.downstream(of: tasks).fired
    guard !after.isEmpty else { return }
    let names = after.prefix(3).map { run.label($0) }.joined(separator: ", ")
    let more = after.count > 3 ? " and \(after.count - 3) more" : ""
    throw Failure(
      .usage,
      "\(names)\(more) ran with outputs of what is to be retried: say --downstream to run them "
        + "again, too, or --only to leave them as they are")
  }

  private func requests(
    _ selection: TaskSelection, in run: RunState
  ) throws -> [ControlRequest] {
    guard !selection.chosen.isEmpty else { return [] }
    let scope: RetryScope = downstream ? .downstream : .alone
    guard edit.isGiven else { return [.retry(selection.references, scope)] }
    guard selection.chosen.count == 1, let task = selection.chosen.first else {
      throw Failure(.usage, "an edit is for one task; \(selection.chosen.count) are named")
    }
    return [.edit(selection.references[0], try edit.make(for: task, in: run), scope)]
  }

  private func attempts(of tasks: [FiringID], in run: RunState) -> Awaited {
    .tasks(tasks) { change in
      guard case .attemptMade(let attempt, _, let edit) = change else { return nil }
      let edited = edit == nil ? "" : ", edited"
      return (
        attempt.firing, "\(run.label(attempt.firing)): attempt \(attempt.number)\(edited)"
      )
    }
  }
}
