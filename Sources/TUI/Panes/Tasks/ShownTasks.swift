internal import Engine
internal import Workflow

/// Which tasks are shown and in which order: filter, sorting, groups.
///
/// The order by state follows every event at once, because the rows of each state are sets with
/// fast access. Any other order is a sorted list, updated once a second during a run: faster
/// changes could not be read, and sorting would cost too much.
struct ShownTasks {
  /// What a line of the table shows.
  enum Entry: Equatable {
    case task(FiringID)
    case group(TaskGroupKey)
  }

  private static let sortInterval = 1000

  /// The stage that was opened in the graph.
  private(set) var stage: Int?
  private(set) var filter = TaskFilter.all
  private(set) var order = TaskOrder.byState
  private(set) var grouping = TaskGrouping.none
  private(set) var groups: [TaskGroup] = []
  /// The groups whose tasks are shown.
  private(set) var unfolded: Set<TaskGroupKey> = []

  private var matcher = TaskMatcher()
  /// For the order by state: the rows that match.
  private var sets: [RowSet]
  /// For each row, the state under which it is in `sets`.
  private var shownState: [TaskState?] = []
  /// A row that is shown even if it does not match.
  private var kept: Int?
  /// Rows, and groups as -1, -2, …; `nil` for the order by state without groups.
  private var lines: [Int32]?
  private var isStale = false
  private var sortedAt = Int.min

  init(_ index: TaskIndex, _ run: RunState) {
    sets = Array(repeating: RowSet(), count: TaskState.allCases.count)
    refilter(index, run)
  }

  var isFiltered: Bool { stage != nil || !filter.isEmpty }

  /// The tasks that match, also those in folded groups.
  var taskCount: Int { sets.reduce(0) { $0 + $1.count } }
  /// The shown tasks that need attention.
  var failureCount: Int {
    TaskState.allCases.reduce(0) { $1.needsAttention ? $0 + sets[$1.rawValue].count : $0 }
  }

  var lineCount: Int { lines?.count ?? taskCount }

  // MARK: Choices of the user

  mutating func filter(_ filter: TaskFilter, stage: Int?, _ index: TaskIndex, _ run: RunState) {
    guard filter != self.filter || stage != self.stage else { return }
    self.filter = filter
    self.stage = stage
    kept = nil
    matcher.filter = filter
    refilter(index, run)
    sortedAt = .min
  }

  mutating func sort(_ order: TaskOrder) {
    self.order = order
    sortedAt = .min
  }

  mutating func group(by grouping: TaskGrouping) {
    self.grouping = grouping
    unfolded = []
    sortedAt = .min
  }

  mutating func toggle(_ group: TaskGroupKey) {
    unfolded.formSymmetricDifference([group])
    fold()
  }

  // MARK: Updates

  /// Keeps a task in the list; releases the previous one.
  mutating func keep(_ firing: FiringID?, _ index: TaskIndex, _ run: RunState) {
    let row = firing.flatMap { index.row(of: $0) }
    guard row != kept else { return }
    let former = kept
    kept = row.flatMap { shows($0) ? $0 : nil }
    if let former, former != kept { follow([former], index, run) }
  }

  /// Applies changes of the index.
  mutating func follow(_ changed: [Int], _ index: TaskIndex, _ run: RunState) {
    for row in changed { place(row, index, run) }
    if !changed.isEmpty { isStale = true }
  }

  /// Updates the order; at once if the user has chosen another one.
  mutating func refresh(_ index: TaskIndex, _ run: RunState, now: Int, isLive: Bool) {
    guard order != .byState || grouping != .none else {
      lines = nil
      groups = []
      return
    }
    let isAsked = lines == nil || sortedAt == .min
    let changesWithTime = order.column == .time && isLive
    guard isAsked || isStale || changesWithTime else { return }
    guard isAsked || !isLive || now - sortedAt >= Self.sortInterval || now < sortedAt else {
      return
    }
    isStale = false
    sortedAt = now
    arrange(sortedRows(index, run, now), index, run)
  }

  private mutating func refilter(_ index: TaskIndex, _ run: RunState) {
    sets = Array(repeating: RowSet(), count: TaskState.allCases.count)
    shownState = Array(repeating: nil, count: index.rows.count)
    for row in index.rows.indices { place(row, index, run) }
  }

  private mutating func place(_ row: Int, _ index: TaskIndex, _ run: RunState) {
    while shownState.count <= row { shownState.append(nil) }
    let state = index.stateOfRow[row].flatMap { state in
      row == kept || matches(index.rows[row], run) ? state : nil
    }
    guard state != shownState[row] else { return }
    if let before = shownState[row] { sets[before.rawValue].remove(row) }
    if let state { sets[state.rawValue].insert(row) }
    shownState[row] = state
  }

  private mutating func matches(_ firing: FiringID, _ run: RunState) -> Bool {
    if let stage, run.graph.stageOf[guarding: firing.process.index] != stage { return false }
    return matcher.matches(firing, in: run)
  }

  // MARK: Sorting

  private func sortedRows(_ index: TaskIndex, _ run: RunState, _ now: Int) -> [Int32] {
    var rows: [Int32] = []
    rows.reserveCapacity(taskCount)
    for state in TaskOrder.states { sets[state.rawValue].visit { rows.append(Int32($0)) } }
    guard order != .byState else { return rows }
    let firings = rows.map { index.rows[Int($0)] }
    let keys = SortKeys(run, order, rows: firings, now: now)
    // Equal rows are ordered by state.
    return firings.enumerated().map { (keys.key($1), $0) }.sorted { $0 < $1 }.map { rows[$0.1] }
  }

  private mutating func arrange(_ rows: [Int32], _ index: TaskIndex, _ run: RunState) {
    groups = []
    guard grouping != .none else {
      lines = rows
      return
    }
    var places: [TaskGroupKey: Int] = [:]
    for row in rows {
      let key = TaskGroupKey(grouping, index.rows[Int(row)], run)
      let place = places[key] ?? groups.count
      if place == groups.count {
        places[key] = place
        groups.append(TaskGroup(key: key, place: place))
      }
      groups[place].rows.append(row)
      if let state = shownState[Int(row)] { groups[place].counts[state] += 1 }
    }
    groups = TaskGroup.sorted(groups, run)
    fold()
  }

  /// Makes the lines of the groups.
  private mutating func fold() {
    var lines: [Int32] = []
    for (place, group) in groups.enumerated() {
      lines.append(Int32(-1 - place))
      if unfolded.contains(group.key) { lines += group.rows }
    }
    self.lines = lines
  }

  // MARK: Lines

  func entry(at position: Int, _ index: TaskIndex) -> Entry? {
    guard let lines else { return row(at: position).map { .task(index.rows[$0]) } }
    guard let line = lines[guarding: position] else { return nil }
    return line < 0 ? .group(groups[Int(-1 - line)].key) : .task(index.rows[Int(line)])
  }

  func position(of entry: Entry, _ index: TaskIndex) -> Int? {
    switch entry {
    case .group(let key):
      guard let place = groups.firstIndex(where: { $0.key == key }) else { return nil }
      return lines?.firstIndex(of: Int32(-1 - place))
    case .task(let firing):
      guard let row = index.row(of: firing) else { return nil }
      guard let lines else { return position(ofRow: row) }
      return lines.firstIndex(of: Int32(row))
    }
  }

  func group(_ key: TaskGroupKey) -> TaskGroup? { groups.first { $0.key == key } }

  /// The current group of a task.
  func group(of firing: FiringID, _ index: TaskIndex) -> TaskGroupKey? {
    guard let row = index.row(of: firing) else { return nil }
    return groups.first { $0.rows.contains(Int32(row)) }?.key
  }

  /// Whether a row matches the filter.
  func shows(_ row: Int) -> Bool { shownState[guarding: row].flatMap { $0 } != nil }

  /// All rows that match, as a set.
  var allRows: RowSet {
    var all = RowSet()
    for set in sets { all.formUnion(set) }
    return all
  }

  private func row(at position: Int) -> Int? {
    guard position >= 0 else { return nil }
    var left = position
    for state in TaskOrder.states {
      let set = sets[state.rawValue]
      if left < set.count { return set.row(atRank: left) }
      left -= set.count
    }
    return nil
  }

  private func position(ofRow row: Int) -> Int? {
    guard let current = shownState[guarding: row].flatMap({ $0 }) else { return nil }
    var before = 0
    for state in TaskOrder.states {
      if state == current { return before + sets[state.rawValue].rank(of: row) }
      before += sets[state.rawValue].count
    }
    return nil
  }
}
