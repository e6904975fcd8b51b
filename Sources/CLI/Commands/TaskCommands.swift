import ArgumentParser
import Engine
import JobProtocol
import Workflow

/// `hflow-tui skip <run> <task…>`
struct SkipCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "skip",
    abstract: "Skip failed tasks: send their outputs as if they had succeeded",
    discussion: "Example: hflow-tui skip last mDiffFit:17")

  @OptionGroup var choice: ControlledRun
  @OptionGroup var named: NamedTasks

  func run() throws {
    try ControlSession.begin(choice).perform(startsEngine: true) { run in
      let selection = try named.select(in: run) { state, _ in
        state.needsAttention || state == .retrying
          ? nil : "it \(state.sentence); only failed tasks can be skipped"
      }
      return selection.plan({ .skip($0) }) { change in
        guard case .taskSkipped(let task) = change else { return nil }
        return (task, "\(run.label(task)): skipped")
      }
    }
  }
}

/// `hflow-tui cancel <run> <task…>`
struct CancelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Cancel queued and running tasks",
    discussion: "Example: hflow-tui cancel last mDiffFit:17")

  @OptionGroup var choice: ControlledRun
  @OptionGroup var named: NamedTasks

  func run() throws {
    try ControlSession.begin(choice).perform(startsEngine: false) { run in
      let selection = try named.select(in: run) { state, task in
        state.isOver || run.task(task) == nil ? "it \(state.sentence); nothing to cancel" : nil
      }
      return selection.plan({ .cancel($0) }) { change in
        guard case .cancelRequested(let attempt) = change else { return nil }
        return (attempt.firing, "\(run.label(attempt.firing)): cancelled")
      }
    }
  }
}

/// `hflow-tui hold <run> <task…>`
struct HoldCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hold",
    abstract: "Hold tasks or processes that have not started",
    discussion: "Example: hflow-tui hold last stage:mAdd")

  @OptionGroup var choice: ControlledRun
  @OptionGroup var held: HoldArguments

  func run() throws {
    try ControlSession.begin(choice).perform(startsEngine: true) { run in
      if held.areProcesses {
        let processes = try held.processes(in: run) { !run.heldProcesses.contains($0) }
        return ControlPlan(
          requests: processes.isEmpty ? [] : [.holdProcesses(processes.map(\.number))],
          confirmation: Confirmation(processes.map(Confirmation.Subject.process)) { change in
            guard case .processHeld(let process) = change else { return nil }
            return (.process(process), "\(run.workflow[process].name.displayName): held")
          }, notes: processes.isEmpty ? ["all of them are already held"] : [])
      }
      let selection = try held.named.select(in: run) { state, task in
        if run.heldTasks.contains(task) { return "it is already held" }
        return state.isOver || state == .running ? "it \(state.sentence)" : nil
      }
      return selection.plan({ .hold($0) }) { change in
        guard case .taskHeld(let task) = change else { return nil }
        return (task, "\(run.label(task)): held")
      }
    }
  }
}

/// `hflow-tui release <run> <task…>`
struct ReleaseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Release held tasks or processes",
    discussion: "Example: hflow-tui release last stage:mAdd")

  @OptionGroup var choice: ControlledRun
  @OptionGroup var held: HoldArguments

  func run() throws {
    try ControlSession.begin(choice).perform(startsEngine: true) { run in
      if held.areProcesses {
        let processes = try held.processes(in: run) { run.heldProcesses.contains($0) }
        return ControlPlan(
          requests: processes.isEmpty ? [] : [.releaseProcesses(processes.map(\.number))],
          confirmation: Confirmation(processes.map(Confirmation.Subject.process)) { change in
            guard case .processReleased(let process) = change else { return nil }
            return (.process(process), "\(run.workflow[process].name.displayName): released")
          }, notes: processes.isEmpty ? ["none of them is held"] : [])
      }
      let selection = try held.named.select(in: run) { _, task in
        run.heldTasks.contains(task) ? nil : "it is not held"
      }
      return selection.plan({ .release($0) }) { change in
        guard case .taskReleased(let task) = change else { return nil }
        return (task, "\(run.label(task)): released")
      }
    }
  }
}

/// Tasks as arguments.
struct NamedTasks: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Tasks (mDiff:3, or 3:1), processes or filters (\"state:failed\")", valueName: "task"))
  var tasks: [String]

  func select(
    in run: RunState, refusal: (TaskState, FiringID) -> String?
  ) throws(Failure) -> TaskSelection {
    TaskSelection(try TaskNames.all(tasks, in: run), in: run, refusal: refusal)
  }
}

/// Tasks, or processes with all that they fire.
struct HoldArguments: ParsableArguments {
  @OptionGroup var named: NamedTasks

  @Flag(
    name: .customLong("process"),
    help: "The arguments are names or numbers of processes")
  var areProcesses = false

  /// The named processes that can be held or released.
  func processes(
    in run: RunState, where matches: (ProcessID) -> Bool
  ) throws(Failure) -> [ProcessID] {
    var found: Set<ProcessID> = []
    for name in named.tasks {
      let processes = run.workflow.processes(named: name)
      guard !processes.isEmpty else {
        throw Failure(.usage, "no process \(name.debugDescription) in run \(run.shortID)")
      }
      found.formUnion(processes)
    }
    return found.filter(matches).sorted()
  }
}

extension TaskSelection {
  /// The request for the chosen tasks; no request if no task was chosen.
  func plan(
    _ request: ([TaskReference]) -> ControlRequest,
    _ answer: @escaping (RunEvent.Change) -> (FiringID, String)?
  ) -> ControlPlan {
    ControlPlan(
      requests: chosen.isEmpty ? [] : [request(references)],
      confirmation: .tasks(chosen, answer), notes: notes)
  }
}
