internal import Engine
internal import JobProtocol
internal import Workflow

/// The task table: which tasks it shows, marks, and the cursor.
///
/// The selection is a task, not a row, so it stays with its task. Until the user selects one,
/// the table shows its beginning and selects the task that most needs attention.
struct TasksModel {
  private(set) var index: TaskIndex
  private(set) var shown: ShownTasks
  private(set) var selected: FiringID?
  /// The group under the cursor; its first task is the selected one.
  private(set) var group: TaskGroupKey?
  private(set) var window = ListWindow()
  private(set) var marks = TaskMarks()
  /// The filter as typed.
  private(set) var filterText = ""
  /// The attempts whose last lines are being sent.
  private var tailed: [AttemptID] = []
  private var tailedAt = Int.min / 2
  /// Whether the user has made the selection.
  private(set) var isChosen = false
  private var hasMoved = false
  /// Whether the selection was acted on: it stays in the list even if it no longer matches.
  private var isPinned = false
  /// Whether the user's selection has left the list. Nothing is selected until the user moves
  /// the cursor, so keys never act on another task.
  private(set) var hasLeftList = false

  init(_ run: RunState) {
    index = TaskIndex(run)
    _ = index.takeChanged()
    shown = ShownTasks(index, run)
  }

  var isFiltered: Bool { shown.isFiltered }
  var stage: Int? { shown.stage }
  /// Lines of the table.
  var count: Int { shown.lineCount }

  /// The rows that the table needs for all tasks, so that the panes keep their sizes while the user
  /// types a filter or moves in the graph.
  var preferredRows: Int { max(count, index.count) }

  func entry(at position: Int) -> ShownTasks.Entry? { shown.entry(at: position, index) }

  /// The task on a line; `nil` for a group.
  func firing(at position: Int) -> FiringID? {
    if case .task(let firing)? = entry(at: position) { firing } else { nil }
  }

  /// The row of the selection; `nil` if it is not in the list.
  var cursor: Int? { entry(at: window.cursor) == entry ? window.cursor : nil }

  private var entry: ShownTasks.Entry? {
    group.map { .group($0) } ?? selected.map { .task($0) }
  }

  mutating func follow(_ change: RunEvent.Change, _ run: RunState) { index.follow(change, run) }

  // MARK: Selecting

  mutating func move(by delta: Int) {
    if hasLeftList { return choose(at: window.cursor + (delta > 0 ? delta - 1 : delta)) }
    // The first move starts at the visible selection.
    choose(at: cursor == nil && !isChosen ? window.top : window.cursor + delta)
  }

  mutating func choose(at position: Int) {
    let last = count - 1
    guard last >= 0, let entry = entry(at: min(max(0, position), last)) else { return }
    choose(entry)
    if marks.isDrawing { drawRange(to: min(max(0, position), last)) }
  }

  private mutating func choose(_ entry: ShownTasks.Entry) {
    switch entry {
    case .task(let firing):
      selected = firing
      group = nil
    case .group(let key):
      group = key
      selected = shown.group(key)?.rows.first.map { index.rows[Int($0)] } ?? selected
    }
    isChosen = true
    hasMoved = true
    unpin()
  }

  private mutating func unpin() { (isPinned, hasLeftList) = (false, false) }

  /// Keeps the selection, because it was acted on.
  mutating func pin() {
    keepSelection()
    isPinned = isChosen && !hasLeftList
  }

  /// Selects a task that another pane points at; clears a filter that hides it.
  mutating func choose(_ firing: FiringID, _ run: RunState) {
    if let row = index.row(of: firing), !shown.shows(row) { showAll(run) }
    choose(.task(firing))
  }

  /// Keeps the selection, as if the user had made it.
  mutating func keepSelection() { isChosen = selected != nil }

  /// Returns to automatic selection.
  mutating func clearSelection() {
    isChosen = false
    group = nil
    unpin()
  }

  // MARK: What is shown

  /// Shows matching tasks; `text` is the filter as typed.
  mutating func show(stage: Int?, filter: TaskFilter, _ run: RunState) {
    guard stage != self.stage || filter != shown.filter else { return }
    filterText = filter.text
    shown.filter(filter, stage: stage, index, run)
    clearSelection()
    marks.end()
  }

  /// Copies the user's arrangement from another time of the same run.
  mutating func resume(_ former: TasksModel, _ run: RunState) {
    show(stage: former.stage, filter: former.shown.filter, run)
    arrange(as: former)
    if former.isChosen, let selected = former.selected { choose(.task(selected)) }
  }

  /// Copies order and groups from another table, but not its filter and selection.
  mutating func arrange(as former: TasksModel) {
    if shown.order != former.shown.order { sort(former.shown.order) }
    if shown.grouping != former.shown.grouping { group(by: former.shown.grouping) }
  }

  /// Shows all tasks of a stage.
  mutating func show(stage: Int?, _ run: RunState) { show(stage: stage, filter: .all, run) }

  /// Shows all tasks; the selection stays.
  mutating func showAll(_ run: RunState) {
    keepingSelection { $0.show(stage: nil, filter: .all, run) }
  }

  /// Undoes the last narrowing: the stage, then the filter. The selection stays.
  mutating func widen(_ run: RunState) {
    keepSelection()
    let filter = stage == nil ? TaskFilter.all : shown.filter
    keepingSelection { $0.show(stage: nil, filter: filter, run) }
  }

  /// Whether a task matches what is shown.
  func shows(_ firing: FiringID) -> Bool { index.row(of: firing).map(shown.shows) ?? false }

  /// Applies a change and keeps the user's selection.
  mutating func keepingSelection(_ change: (inout Self) -> Void) {
    let kept = isChosen && !hasLeftList ? selected : nil
    change(&self)
    if let kept { choose(.task(kept)) }
  }

  /// How many shown failures are above the visible rows, while they come first.
  var failuresAbove: Int {
    guard shown.order == .byState, shown.grouping == .none else { return 0 }
    return min(window.top, shown.failureCount)
  }

  mutating func sort(_ order: TaskOrder) {
    shown.sort(order)
    window = ListWindow()
    isChosen = false
    unpin()
  }

  mutating func group(by grouping: TaskGrouping) {
    shown.group(by: grouping)
    clearSelection()
  }

  mutating func toggleGroup() {
    if let group { shown.toggle(group) }
  }

  // MARK: Marks

  mutating func toggleMark() {
    if marks.isDrawing { return marks.end() }
    if let group {
      marks.toggle(rows(of: group))
    } else if !hasLeftList, let row = selected.flatMap({ index.row(of: $0) }) {
      marks.toggle(row)
    }
    move(by: 1)
  }

  mutating func toggleRange() {
    if marks.isDrawing { return marks.end() }
    guard let selected, group == nil, !hasLeftList else { return }
    keepSelection()
    marks.begin(at: selected)
    drawRange(to: window.cursor)
  }

  mutating func toggleAllMarks() { marks.toggle(shown.allRows) }
  /// The marks stay, and moving adds no more.
  mutating func endRange() { marks.end() }
  mutating func clearMarks() { marks.clear() }

  private mutating func drawRange(to cursor: Int) {
    guard let anchor = marks.anchor, let start = shown.position(of: .task(anchor), index) else {
      return marks.end()
    }
    var range = RowSet()
    for position in min(start, cursor)...max(start, cursor) {
      if case .task(let firing)? = entry(at: position), let row = index.row(of: firing) {
        range.insert(row)
      }
    }
    marks.draw(range)
  }

  private func rows(of group: TaskGroupKey) -> RowSet {
    var rows = RowSet()
    for row in shown.group(group)?.rows ?? [] { rows.insert(Int(row)) }
    return rows
  }

  /// Marks all tasks that match the filter.
  var matchingTasks: [FiringID] {
    var tasks: [FiringID] = []
    shown.allRows.visit { tasks.append(index.rows[$0]) }
    return tasks
  }

  /// The marked tasks that are shown, else those of the group under the cursor, else the
  /// selected one.
  var subjects: [FiringID] {
    if !marks.isEmpty { return marks.rows(among: shown.allRows).map { index.rows[$0] } }
    if hasLeftList { return [] }
    if let group { return shown.group(group)?.rows.map { index.rows[Int($0)] } ?? [] }
    return selected.map { [$0] } ?? []
  }

  // MARK: Last lines

  func firingOnScreen(_ row: Int) -> FiringID? { firing(at: window.top + row) }

  /// Whether to follow the last lines of other tasks now; at most once a second.
  mutating func tail(_ attempts: [AttemptID], now: Int) -> Bool {
    guard attempts != tailed, now - tailedAt >= 1000 || now < tailedAt else { return false }
    tailed = attempts
    tailedAt = now
    return true
  }

  // MARK: Updates

  /// Updates matches, selection and window.
  ///
  /// If the selected task leaves the list, nothing is selected, unless `isAnswering`: the
  /// update is caused by input.
  ///
  /// `wasSeen`: whether another pane shows the selected task. Such a task stays in the list
  /// even if it no longer matches, so that the user sees the result of a retry.
  mutating func refresh(
    _ run: RunState, height: Int, now: Int = 0, isLive: Bool = true, wasSeen: Bool = true,
    isReadElsewhere: Bool = false, isAnswering: Bool = true
  ) {
    shown.keep(isPinned || isReadElsewhere && isChosen ? selected : nil, index, run)
    shown.follow(index.takeChanged(), index, run)
    shown.refresh(index, run, now: now, isLive: isLive)
    defer { hasMoved = false }
    var place = place(mayFold: !isChosen || isAnswering && !isPinned)
    if place != nil {
      hasLeftList = false
    } else if hasLeftList || isChosen && !isAnswering && selected != nil {
      hasLeftList = true
      window.fit(count: count, height: height)
      return
    } else {
      reselect(near: isChosen ? window.cursor : 0)
      place = self.place(mayFold: true)
    }
    selectAutomatically(run, mayLeaveFinished: !wasSeen)
    guard isChosen else { return showBeginning(height: height) }
    if hasMoved {
      window.place(cursor: place ?? 0, count: count, height: height)
    } else {
      window.carry(cursor: place ?? 0, count: count, height: height)
    }
  }

  /// The row of the selection; for a task in a folded group, the group's line.
  private mutating func place(mayFold: Bool) -> Int? {
    guard let entry else { return nil }
    if let place = shown.position(of: entry, index) { return place }
    guard shown.grouping != .none, group == nil, mayFold, let selected,
      let folded = shown.group(of: selected, index)
    else { return nil }
    group = folded
    return shown.position(of: .group(folded), index)
  }

  private mutating func reselect(near position: Int) {
    selected = nil
    group = nil
    switch entry(at: min(position, count - 1)) {
    case .task(let firing): selected = firing
    case .group(let key):
      group = key
      selected = shown.group(key)?.rows.first.map { index.rows[Int($0)] }
    case nil: break
    }
  }

  /// Without a selection of the user, shows the first rows and selects one of them, so that
  /// keys never act on a task that is not shown.
  private mutating func showBeginning(height: Int) {
    var place = place(mayFold: true) ?? 0
    if place >= max(1, height) {
      reselect(near: 0)
      place = 0
    }
    window.place(cursor: place, count: count, height: height)
  }

  /// Without a selection of the user, selects the first row: at once if it failed or if the
  /// selected task has nothing to show, otherwise on the next clock tick after the selected
  /// task has ended, so that its end can be read.
  mutating func selectAutomatically(_ run: RunState, mayLeaveFinished: Bool) {
    guard !isChosen, shown.grouping == .none, case .task(let first)? = entry(at: 0) else { return }
    guard let selected else {
      self.selected = first
      return
    }
    let firstState = run.state(of: first)
    let needsSelection = firstState == .running || firstState.needsAttention
    switch run.state(of: selected) {
    case .waiting, .held, .ready, .submitted, .queued, .starting:
      if needsSelection { self.selected = first }
    case .succeeded, .skipped:
      // A failure should be seen first.
      if firstState.needsAttention || needsSelection && mayLeaveFinished { self.selected = first }
    // A scheduled retry needs no attention.
    case .retrying: if firstState.needsAttention { self.selected = first }
    case .running, .failed, .lost, .cancelled: break
    }
  }
}
