internal import Engine
internal import Workflow

/// The processes of open stages as cells of their boxes: one cell for each process. A stage with
/// more than 40 processes has a heat map, in which a cell represents several. Computed once for
/// each state.
struct StageCells: Equatable {
  struct Cell: Equatable {
    var appearance: TaskAppearance
    /// How much of it is done, from 0 to 1.
    var done: Double
    /// How many processes it represents.
    var count: Int
  }

  /// A row of cells, and the largest number of rows of a heat map.
  static let columns = 40
  private static let mostRows = 4

  private var cells: [Int: [Cell]] = [:]
  private var stages: Set<Int> = []
  private var eventCount = -1

  subscript(stage: Int) -> [Cell] { cells[stage] ?? [] }

  /// The number of cells of a stage; it does not depend on states.
  static func count(of processes: Int) -> Int { min(processes, columns * mostRows) }

  /// The size that cells take, with a row of at least `width` columns.
  static func size(of processes: Int, width: Int) -> Size {
    let count = count(of: processes)
    let columns = max(width, min(count, Self.columns))
    return Size(columns: columns, rows: (count + columns - 1) / columns)
  }

  mutating func refresh(_ opened: Set<Int>, _ run: RunState) {
    guard opened != stages || !opened.isEmpty && run.eventCount != eventCount else { return }
    (stages, eventCount) = (opened, run.eventCount)
    cells = [:]
    for stage in opened {
      cells[stage] = run.graph.stages[guarding: stage].map { Self.cells($0.processes, run) }
    }
  }

  /// Every task of a stage, in the order of its processes; `nil` if there are more than `limit`.
  static func tasks(of stage: Int, _ run: RunState, limit: Int) -> [TaskAppearance]? {
    guard let processes = run.graph.stages[guarding: stage]?.processes, processes.count <= limit
    else { return nil }
    var cells: [TaskAppearance] = []
    for process in processes {
      guard let state = run.processes[guarding: process.index] else { continue }
      cells += state.tasks.map { TaskAppearance($0.state) }
      cells += Array(repeating: .waiting, count: max(0, state.waiting))
      guard cells.count <= limit else { return nil }
    }
    return cells
  }

  private static func cells(_ processes: [ProcessID], _ run: RunState) -> [Cell] {
    let count = count(of: processes.count)
    return (0..<count).map { cell in
      let first = cell * processes.count / count
      let part = processes[first..<(cell + 1) * processes.count / count]
      var counts = TaskCounts()
      for process in part {
        guard let state = run.processes[guarding: process.index] else { continue }
        counts[.waiting] += state.waiting
        for task in state.tasks { counts[task.state] += 1 }
      }
      let done = counts.total == 0 ? 0 : Double(counts.done) / Double(counts.total)
      return Cell(appearance: TaskAppearance(stage: counts), done: done, count: part.count)
    }
  }
}

extension Theme {
  /// The cell of a task among many: a square for one that succeeded, else the glyph of its state.
  func cell(_ appearance: TaskAppearance) -> String {
    appearance == .succeeded && !ascii && colors != .none ? "■" : glyph(appearance)
  }

  /// The glyph of a process. For several processes, a shade of their progress, unless one needs
  /// attention.
  func symbol(_ cell: StageCells.Cell) -> String {
    let isFailure = [.failed, .lost, .cancelled].contains(cell.appearance)
    if cell.count == 1 || isFailure || cell.done == 0 { return glyph(cell.appearance) }
    return shade(cell.done * 0.99)
  }
}
