internal import Engine
internal import Workflow

/// The tasks of a run in the order of the table: by state, what needs a person first, and within a
/// state as they came into being. Kept up to date task by task, so that a screen of a hundred
/// thousand costs what it shows.
///
/// A process that has not fired as often as it will has one row for its next firing.
struct TaskIndex {
  /// The order of the table.
  static let order: [TaskState] = [
    .failed, .lost, .cancelled, .retrying, .running, .queued, .ready, .held, .waiting, .skipped,
    .succeeded,
  ]

  private(set) var rows: [FiringID] = []
  /// Changes whenever a row comes, goes or moves.
  private(set) var generation = 0
  private var stateOfRow: [TaskState?] = []
  private var rowOfFiring: [[Int]]
  private var sets: [RowSet]

  init(_ run: RunState) {
    rowOfFiring = Array(repeating: [], count: run.processes.count)
    sets = Array(repeating: RowSet(), count: TaskState.allCases.count)
    for process in run.processes { refresh(process) }
  }

  var count: Int { sets.reduce(0) { $0 + $1.count } }

  func firing(at position: Int) -> FiringID? {
    var left = position
    for state in Self.order {
      let set = sets[state.rawValue]
      if left < set.count { return set.row(atRank: left).map { rows[$0] } }
      left -= set.count
    }
    return nil
  }

  /// All rows of one state, in order.
  func visit(_ state: TaskState, _ body: (_ row: Int) -> Void) {
    sets[state.rawValue].visit(body)
  }

  func position(of firing: FiringID) -> Int? {
    guard let row = row(of: firing), let current = stateOfRow[row] else { return nil }
    var before = 0
    for state in Self.order {
      if state == current { return before + sets[state.rawValue].rank(of: row) }
      before += sets[state.rawValue].count
    }
    return nil
  }

  /// Takes over what an event changed.
  mutating func follow(_ change: RunEvent.Change, _ run: RunState) {
    switch change {
    case .taskFired(let firing, _):
      if let process = run.processes[guarding: firing.process.index] { refresh(process) }
    case .runSettled, .runFinished: for process in run.processes { refresh(process) }
    default: if let firing = change.firing { touch(firing, run) }
    }
  }

  private func row(of firing: FiringID) -> Int? {
    rowOfFiring[guarding: firing.process.index]?[guarding: firing.number - 1]
  }

  private mutating func touch(_ firing: FiringID, _ run: RunState) {
    guard let row = row(of: firing), run.task(firing) != nil else { return }
    move(row, to: run.state(of: firing))
  }

  private mutating func refresh(_ process: ProcessState) {
    let index = process.id.index
    let next = process.waiting > 0 ? 1 : 0
    while rowOfFiring[index].count < process.tasks.count + next {
      rowOfFiring[index].append(rows.count)
      rows.append(FiringID(process.id, rowOfFiring[index].count))
      stateOfRow.append(nil)
    }
    for (number, row) in rowOfFiring[index].enumerated() {
      let fired = process.tasks[guarding: number]?.state
      move(row, to: fired ?? (next == 1 && number == process.tasks.count ? .waiting : nil))
    }
  }

  private mutating func move(_ row: Int, to state: TaskState?) {
    let before = stateOfRow[row]
    guard before != state else { return }
    if let before { sets[before.rawValue].remove(row) }
    if let state { sets[state.rawValue].insert(row) }
    stateOfRow[row] = state
    generation += 1
  }
}

extension Array {
  /// `nil` outside.
  subscript(guarding index: Int) -> Element? {
    indices.contains(index) ? self[index] : nil
  }
}
