internal import Engine
import HumanText
internal import JobProtocol
internal import Workflow

// Holding processes, with all tasks that they would fire.
extension Model {
  /// `hold` and `release`: of tasks, or of processes with `--process`.
  mutating func hold(_ isHeld: Bool, _ arguments: [String]) throws(PaletteError) -> [Effect] {
    guard arguments.contains(Self.processOption) else {
      return try performOnTasks(isHeld ? .hold : .release, arguments)
    }
    let names = arguments.filter { $0 != Self.processOption }
    let fitting = try processes(named: names).filter {
      run.heldProcesses.contains($0) != isHeld
    }
    if let closed = closedObjection(restartsEngine: true) { throw PaletteError(closed) }
    guard !fitting.isEmpty else {
      throw PaletteError(isHeld ? "all of them are already held" : "none of them is held")
    }
    return hold(isHeld, fitting)
  }

  static let processOption = "--process"

  /// The processes with each name or number, or with all arguments as one name.
  private func processes(named arguments: [String]) throws(PaletteError) -> [ProcessID] {
    guard !arguments.isEmpty else {
      throw PaletteError("\(Self.processOption) needs a process: its name or number")
    }
    let whole = run.workflow.processes(named: arguments.joined(separator: " "))
    if !whole.isEmpty { return whole }
    var found: Set<ProcessID> = []
    for word in arguments {
      let processes = run.workflow.processes(named: word)
      guard !processes.isEmpty else {
        throw PaletteError("unknown process \(word.displayName)")
      }
      found.formUnion(processes)
    }
    return found.sorted()
  }

  /// Holds the processes, or releases them if all are held.
  mutating func toggleHold(_ processes: [ProcessID]) -> [Effect] {
    let free = processes.filter { !run.heldProcesses.contains($0) }
    return free.isEmpty ? hold(false, processes) : hold(true, free)
  }

  private mutating func hold(_ isHeld: Bool, _ processes: [ProcessID]) -> [Effect] {
    let numbers = processes.map(\.number)
    let name =
      processes.count == 1
      ? "process \(run.workflow[processes[0]].name.displayName)"
      : Formats.counted(processes.count, "process", "processes")
    showMessage("\(isHeld ? "holding" : "releasing") \(name)")
    return [.world(.control(isHeld ? .holdProcesses(numbers) : .releaseProcesses(numbers)))]
  }
}
