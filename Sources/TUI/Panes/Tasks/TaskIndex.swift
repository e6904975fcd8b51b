internal import Engine
internal import Workflow

/// The tasks of a run as numbered rows, with the state of each. Updated task by task, so that a
/// screen of a hundred thousand costs what it shows.
///
/// A process that will fire again has one row for its next firing.
struct TaskIndex {
  /// In the order of creation; rows are never removed or moved.
  private(set) var rows: [FiringID] = []
  /// The number of rows in each state, without obsolete ones.
  private(set) var count = 0
  private(set) var stateOfRow: [TaskState?] = []
  /// Rows that have changed since they were last fetched.
  private var changed: [Int] = []
  private var rowOfFiring: [[Int]]

  init(_ run: RunState) {
    rowOfFiring = Array(repeating: [], count: run.processes.count)
    for process in run.processes { refresh(process) }
  }

  func row(of firing: FiringID) -> Int? {
    rowOfFiring[guarding: firing.process.index]?[guarding: firing.number - 1]
  }

  /// Applies an event that `run` has already applied.
  mutating func follow(_ change: RunEvent.Change, _ run: RunState) {
    switch change {
    case .taskFired(let firing, _):
      if let process = run.processes[guarding: firing.process.index] { refresh(process) }
    case .runSettled, .runFinished: for process in run.processes { refresh(process) }
    default: if let firing = change.firing { touch(firing, run) }
    }
  }

  /// Removes and returns the rows that have changed since the last call; some may be repeated.
  mutating func takeChanged() -> [Int] {
    defer { changed = [] }
    return changed
  }

  private mutating func touch(_ firing: FiringID, _ run: RunState) {
    guard let row = row(of: firing),
      let state = run.processes[firing.process.index].tasks.state(at: firing.number - 1)
    else { return }
    set(row, state)
    changed.append(row)
  }

  private mutating func refresh(_ process: ProcessState) {
    let index = process.id.index
    let next = process.waiting > 0 ? 1 : 0
    while rowOfFiring[index].count < process.tasks.count + next {
      rowOfFiring[index].append(rows.count)
      rows.append(FiringID(process.id, rowOfFiring[index].count))
      stateOfRow.append(nil)
    }
    // Only the last rows of a process can have changed.
    for number in stride(from: rowOfFiring[index].count - 1, through: 0, by: -1) {
      let fired = process.tasks.state(at: number)
      let state = fired ?? (next == 1 && number == process.tasks.count ? .waiting : nil)
      let row = rowOfFiring[index][number]
      if number < process.tasks.count - 1, stateOfRow[row] == state { break }
      set(row, state)
    }
  }

  private mutating func set(_ row: Int, _ state: TaskState?) {
    let before = stateOfRow[row]
    guard before != state else { return }
    count += (state == nil ? 0 : 1) - (before == nil ? 0 : 1)
    stateOfRow[row] = state
    changed.append(row)
  }
}

extension RandomAccessCollection {
  /// `nil` outside.
  subscript(guarding index: Index) -> Element? {
    indices.contains(index) ? self[index] : nil
  }
}
