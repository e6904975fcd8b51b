import ArgumentParser
import Engine
import JobProtocol
import Workflow

/// `hflow-tui skip <run> <task…>`
struct SkipCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "skip",
    abstract: "Send the outputs of failed tasks as if they had been done.")

  @OptionGroup var choice: ControlledRun
  @OptionGroup var named: NamedTasks

  func run() throws {
    try ControlSession.begin(choice).perform(wakes: true) { run in
      let selection = try named.select(in: run) { state, _ in
        state.needsAttention || state == .retrying
          ? nil : "it \(state.sentence); skip is for failed ones"
      }
      return selection.deed({ .skip($0) }) { change in
        guard case .taskSkipped(let task) = change else { return nil }
        return (task, "\(run.label(task)): skipped")
      }
    }
  }
}

/// `hflow-tui cancel <run> <task…>`
struct CancelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "End tasks that are under way.")

  @OptionGroup var choice: ControlledRun
  @OptionGroup var named: NamedTasks

  func run() throws {
    try ControlSession.begin(choice).perform(wakes: false) { run in
      let selection = try named.select(in: run) { state, task in
        state.isOver || run.task(task) == nil ? "it \(state.sentence); nothing is under way" : nil
      }
      return selection.deed({ .cancel($0) }) { change in
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
    abstract: "Keep tasks or processes back that have not begun.",
    discussion: "Tasks need not have come into being yet. `release` lets them go.")

  @OptionGroup var choice: ControlledRun
  @OptionGroup var held: HeldThings

  func run() throws {
    try ControlSession.begin(choice).perform(wakes: true) { run in
      if held.areProcesses {
        let processes = try held.processes(in: run) { !run.heldProcesses.contains($0) }
        return ControlDeed(
          requests: processes.isEmpty ? [] : [.holdProcesses(processes.map(\.number))],
          awaited: Awaited(processes.map(Awaited.Subject.process)) { change in
            guard case .processHeld(let process) = change else { return nil }
            return (.process(process), "\(run.workflow[process].name.displayName): held")
          }, notes: processes.isEmpty ? ["all of them are held already"] : [])
      }
      let selection = try held.named.select(in: run) { state, task in
        if run.heldTasks.contains(task) { return "it is held already" }
        return state.isOver || state == .running ? "it \(state.sentence)" : nil
      }
      return selection.deed({ .hold($0) }) { change in
        guard case .taskHeld(let task) = change else { return nil }
        return (task, "\(run.label(task)): held")
      }
    }
  }
}

/// `hflow-tui release <run> <task…>`
struct ReleaseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Let held tasks or processes go.")

  @OptionGroup var choice: ControlledRun
  @OptionGroup var held: HeldThings

  func run() throws {
    try ControlSession.begin(choice).perform(wakes: true) { run in
      if held.areProcesses {
        let processes = try held.processes(in: run) { run.heldProcesses.contains($0) }
        return ControlDeed(
          requests: processes.isEmpty ? [] : [.releaseProcesses(processes.map(\.number))],
          awaited: Awaited(processes.map(Awaited.Subject.process)) { change in
            guard case .processReleased(let process) = change else { return nil }
            return (.process(process), "\(run.workflow[process].name.displayName): released")
          }, notes: processes.isEmpty ? ["none of them is held"] : [])
      }
      let selection = try held.named.select(in: run) { _, task in
        run.heldTasks.contains(task) ? nil : "it is not held"
      }
      return selection.deed({ .release($0) }) { change in
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
      """
      Tasks (mDiff:3, or 3:1 by numbers), processes or filters ("state:failed mDiff"; "Filters" in \
      docs/runs.md).
      """,
      valueName: "task"))
  var tasks: [String]

  func select(
    in run: RunState, refusal: (TaskState, FiringID) -> String?
  ) throws(Failure) -> TaskSelection {
    TaskSelection(try TaskNames.all(tasks, in: run), in: run, refusal: refusal)
  }
}

/// Tasks, or processes with all that they fire.
struct HeldThings: ParsableArguments {
  @OptionGroup var named: NamedTasks

  @Flag(
    name: .customLong("process"),
    help: "The arguments are names or numbers of processes: they fire no more.")
  var areProcesses = false

  /// Those of the named processes that fit.
  func processes(
    in run: RunState, where fits: (ProcessID) -> Bool
  ) throws(Failure) -> [ProcessID] {
    var found: Set<ProcessID> = []
    for name in named.tasks {
      let processes = run.workflow.processes(named: name)
      guard !processes.isEmpty else {
        throw Failure(.usage, "no process \(name.debugDescription) in run \(run.shortID)")
      }
      found.formUnion(processes)
    }
    return found.filter(fits).sorted()
  }
}

extension TaskSelection {
  /// Asks for the chosen tasks; nothing when there is none.
  func deed(
    _ request: ([TaskReference]) -> ControlRequest,
    _ answer: @escaping (RunEvent.Change) -> (FiringID, String)?
  ) -> ControlDeed {
    ControlDeed(
      requests: chosen.isEmpty ? [] : [request(references)],
      awaited: .tasks(chosen, answer), notes: notes)
  }
}
