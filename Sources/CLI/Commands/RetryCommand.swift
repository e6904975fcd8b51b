import ArgumentParser
import Engine
import JobProtocol
import Workflow

/// `hflow-tui retry <run> [task…]`
struct RetryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Retry failed tasks (--failed: all of them), unchanged or edited",
    discussion: """
      Name tasks (mDiff:3, or 3:1 by numbers) or give a filter ("state:failed host:node-a"). \
      Filter terms: state, cause, stage, task, host, worker, process, firing, attempt, says, \
      signature. If other tasks have used a task's outputs, add --only or --downstream. The engine \
      of a finished or interrupted run is restarted.

      Example: hflow-tui retry last --failed
      """)

  @OptionGroup var choice: ControlledRun

  @Argument(help: ArgumentHelp("Tasks or filters", valueName: "task"))
  var tasks: [String] = []

  @Flag(help: "Retry every failed, lost or cancelled task")
  var failed = false

  @Flag(help: "Retry these tasks only")
  var only = false

  @Flag(help: "Retry these tasks and every task that used their outputs")
  var downstream = false

  @OptionGroup var edit: EditOptions

  func validate() throws {
    if tasks.isEmpty == !failed {
      throw ValidationError("give either tasks or --failed")
    }
    if only, downstream { throw ValidationError("--only and --downstream exclude each other") }
    if failed, edit.isGiven {
      throw ValidationError("--failed retries tasks unchanged; name the task to edit")
    }
  }

  func run() throws {
    try ControlSession.begin(choice).perform(startsEngine: true, runsAgain: true) { run in
      if failed { return allFailed(in: run) }
      let named = try TaskNames.all(tasks, in: run)
      let selection = TaskSelection(named, in: run) { state, task in refusal(state, task, run) }
      try checkScope(selection.chosen, in: run)
      let requests = try requests(selection, in: run)
      return ControlPlan(
        requests: requests, confirmation: attempts(of: selection.chosen, in: run),
        notes: selection.notes)
    }
  }

  private func allFailed(in run: RunState) -> ControlPlan {
    let failed = run.processes.flatMap(\.tasks).filter(\.state.needsAttention).map(\.id)
    guard !failed.isEmpty else { return .nothing(["no task of run \(run.shortID) has failed"]) }
    return ControlPlan(requests: [.retryAllFailed], confirmation: attempts(of: failed, in: run))
  }

  private func refusal(_ state: TaskState, _ task: FiringID, _ run: RunState) -> String? {
    switch state {
    case .failed, .lost, .cancelled, .retrying, .succeeded, .skipped: nil
    case .waiting, .held: "it has not run yet"
    case .ready, .submitted, .queued, .starting, .running: "it \(state.sentence); cancel it first"
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
      "\(names)\(more) already used the outputs of these tasks: add --downstream to run them "
        + "again too, or --only to leave them unchanged")
  }

  private func requests(
    _ selection: TaskSelection, in run: RunState
  ) throws -> [ControlRequest] {
    guard !selection.chosen.isEmpty else { return [] }
    let scope: RetryScope = downstream ? .downstream : .alone
    guard edit.isGiven else { return [.retry(selection.references, scope)] }
    guard selection.chosen.count == 1, let task = selection.chosen.first else {
      throw Failure(.usage, "an edit applies to one task, found \(selection.chosen.count)")
    }
    return [.edit(selection.references[0], try edit.make(for: task, in: run), scope)]
  }

  private func attempts(of tasks: [FiringID], in run: RunState) -> Confirmation {
    .tasks(tasks) { change in
      guard case .attemptMade(let attempt, _, let edit) = change else { return nil }
      let edited = edit == nil ? "" : ", edited"
      return (
        attempt.firing, "\(run.label(attempt.firing)): attempt \(attempt.number)\(edited)"
      )
    }
  }
}
