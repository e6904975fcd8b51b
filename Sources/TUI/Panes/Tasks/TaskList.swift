internal import Engine
internal import JobProtocol
internal import Workflow

/// The task table: all tasks by state, or those of one stage or with some text, and the one that is
/// selected.
///
/// The selection is a task, not a row: it stays with its task when that moves. Until a person
/// chooses, the table shows its beginning and selects by itself what is most worth looking at.
struct TaskList {
  private(set) var index: TaskIndex
  private(set) var selected: FiringID?
  private(set) var window = ListWindow()
  private(set) var stage: Int?
  private(set) var filter = ""
  /// A person has chosen the selection.
  private(set) var isChosen = false
  private var hasMoved = false
  private var matcher = TaskMatcher()
  private var matches: [FiringID]?
  private var matchesGeneration = -1

  init(_ run: RunState) { index = TaskIndex(run) }

  var isFiltered: Bool { stage != nil || !filter.isEmpty }
  var count: Int { matches?.count ?? index.count }

  /// The row of the selection; `nil` while it is not on the screen.
  var cursor: Int? {
    guard let selected, firing(at: window.cursor) == selected else { return nil }
    return window.cursor
  }

  func firing(at position: Int) -> FiringID? {
    matches.map { $0[guarding: position] } ?? index.firing(at: position)
  }

  private func position(of firing: FiringID) -> Int? {
    matches.map { $0.firstIndex(of: firing) } ?? index.position(of: firing)
  }

  mutating func follow(_ change: RunEvent.Change, _ run: RunState) { index.follow(change, run) }

  // MARK: Choosing

  mutating func move(by delta: Int) {
    // The first choice begins at what the eye sees.
    choose(at: cursor == nil && !isChosen ? window.top : window.cursor + delta)
  }

  mutating func choose(at position: Int) {
    guard count > 0, let firing = firing(at: min(max(0, position), count - 1)) else { return }
    selected = firing
    isChosen = true
    hasMoved = true
  }

  /// What is selected stays so, as if a person had chosen it.
  mutating func keepSelection() { isChosen = selected != nil }

  /// Lets the table select by itself again.
  mutating func unchoose() { isChosen = false }

  mutating func show(stage: Int?, filter: String) {
    guard stage != self.stage || filter != self.filter else { return }
    self.stage = stage
    self.filter = filter
    isChosen = false
    matchesGeneration = -1
  }

  /// Brings everything in line with the run: matches, selection, window.
  ///
  /// `wasSeen` tells whether anything of the selected task has been shown that a person may be
  /// reading.
  mutating func settle(_ run: RunState, height: Int, wasSeen: Bool = true) {
    refreshMatches(run)
    var place = selected.flatMap { position(of: $0) }
    if place == nil {
      selected = firing(at: isChosen ? min(window.cursor, count - 1) : 0)
      place = selected.flatMap { position(of: $0) }
    }
    selectByItself(run, mayLeaveFinished: !wasSeen)
    defer { hasMoved = false }
    guard isChosen else { return showBeginning(height: height) }
    if hasMoved {
      window.place(cursor: place ?? 0, count: count, height: height)
    } else {
      window.carry(cursor: place ?? 0, count: count, height: height)
    }
  }

  /// Where nobody has chosen, the table shows its first rows, and the selection is one of them:
  /// keys never act on a task that nobody sees.
  private mutating func showBeginning(height: Int) {
    var place = selected.flatMap { position(of: $0) } ?? 0
    if place >= max(1, height) {
      selected = firing(at: 0)
      place = 0
    }
    window.place(cursor: place, count: count, height: height)
  }

  /// Selects the first row where nobody has chosen: at once when it failed or when the selected
  /// task has nothing to show yet, and with the clock when that is done, so that its end can be
  /// read.
  mutating func selectByItself(_ run: RunState, mayLeaveFinished: Bool) {
    guard !isChosen, let first = firing(at: 0) else { return }
    guard let selected else {
      self.selected = first
      return
    }
    let firstState = run.state(of: first)
    let isWorthIt = firstState == .running || firstState.needsAttention
    switch run.state(of: selected) {
    case .waiting, .held, .ready, .queued: if isWorthIt { self.selected = first }
    case .succeeded, .skipped:
      // A failure is what a person should meet first.
      if firstState.needsAttention || isWorthIt && mayLeaveFinished { self.selected = first }
    case .running, .retrying, .failed, .lost, .cancelled: break
    }
  }

  // MARK: Filtering

  private mutating func refreshMatches(_ run: RunState) {
    guard isFiltered else {
      matches = nil
      return
    }
    guard matchesGeneration != index.generation else { return }
    matchesGeneration = index.generation
    matches = matcher.matches(of: index, run, stage: stage, text: filter.lowercased())
  }
}

/// Finds the tasks that fit. Names do not change, so each is looked at once for a text.
struct TaskMatcher {
  private var text = ""
  /// By row: whether the label has the text.
  private var labelFits: [Bool] = []

  mutating func matches(
    of index: TaskIndex, _ run: RunState, stage: Int?, text: String
  ) -> [FiringID] {
    learnLabels(index, run, text)
    var found: [FiringID] = []
    for state in TaskIndex.order {
      let stateFits = TaskLook(state).word.contains(text)
      index.visit(state) { row in
        let firing = index.rows[row]
        if let stage, run.graph.stageOf[guarding: firing.process.index] != stage { return }
        if stateFits || labelFits[row] || state.needsAttention && causeFits(firing, run, text) {
          found.append(firing)
        }
      }
    }
    return found
  }

  private mutating func learnLabels(_ index: TaskIndex, _ run: RunState, _ text: String) {
    if text != self.text { labelFits = [] }
    self.text = text
    for row in labelFits.count..<max(labelFits.count, index.rows.count) {
      labelFits.append(
        text.isEmpty || run.label(index.rows[row]).lowercased().contains(text))
    }
  }

  private func causeFits(_ firing: FiringID, _ run: RunState, _ text: String) -> Bool {
    run.task(firing)?.cause?.summary.lowercased().contains(text) ?? false
  }
}
