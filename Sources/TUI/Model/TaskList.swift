internal import Engine
internal import JobProtocol
internal import Workflow

/// The task table: all tasks by state, or those of one stage or with some text, and the one that is
/// selected.
///
/// The selection is a task, not a row: it stays with its task when that moves. Until a person
/// chooses, the list itself selects what is most worth looking at.
struct TaskList {
  private(set) var index: TaskIndex
  private(set) var selected: FiringID?
  private(set) var window = ListWindow()
  private(set) var stage: Int?
  private(set) var filter = ""
  /// The filter is being typed.
  var isTyping = false
  /// A person has chosen the selection.
  private(set) var isChosen = false
  private var matches: [FiringID]?
  private var matchesGeneration = -1

  init(_ run: RunState) { index = TaskIndex(run) }

  var isFiltered: Bool { stage != nil || !filter.isEmpty }
  var count: Int { matches?.count ?? index.count }

  func firing(at position: Int) -> FiringID? {
    matches.map { $0[guarding: position] } ?? index.firing(at: position)
  }

  private func position(of firing: FiringID) -> Int? {
    matches.map { $0.firstIndex(of: firing) } ?? index.position(of: firing)
  }

  mutating func follow(_ change: RunEvent.Change, _ run: RunState) { index.follow(change, run) }

  // MARK: Choosing

  mutating func move(by delta: Int) { choose(at: window.cursor + delta) }

  mutating func choose(at position: Int) {
    guard count > 0, let firing = firing(at: min(max(0, position), count - 1)) else { return }
    selected = firing
    isChosen = true
  }

  mutating func show(stage: Int?, filter: String) {
    guard stage != self.stage || filter != self.filter else { return }
    self.stage = stage
    self.filter = filter
    matchesGeneration = -1
  }

  /// Brings everything in line with the run: matches, selection, window.
  mutating func settle(_ run: RunState, height: Int) {
    refreshMatches(run)
    if let selected, position(of: selected) == nil {
      self.selected = firing(at: min(window.cursor, count - 1))
    }
    if !isChosen { selectByItself(run, mayLeaveFinished: false) }
    let place = selected.flatMap { position(of: $0) } ?? 0
    window.place(cursor: place, count: count, height: height)
  }

  /// Selects the first row where nobody has chosen: at once when the selected task has nothing to
  /// show yet, and with the clock when it is done, so that its end can be read.
  mutating func selectByItself(_ run: RunState, mayLeaveFinished: Bool) {
    guard !isChosen, let first = firing(at: 0) else { return }
    guard let selected else { return self.selected = first }
    let state = run.state(of: selected)
    let firstState = run.state(of: first)
    let isWorthIt = firstState == .running || firstState.needsAttention
    switch state {
    case .waiting, .ready, .queued: if isWorthIt { self.selected = first }
    case .succeeded, .skipped: if isWorthIt && mayLeaveFinished { self.selected = first }
    case .running, .failed, .lost, .cancelled: break
    }
  }

  // MARK: Filtering

  private mutating func refreshMatches(_ run: RunState) {
    guard isFiltered else { return matches = nil }
    guard matchesGeneration != index.generation else { return }
    matchesGeneration = index.generation
    let text = filter.lowercased()
    matches = (0..<index.count).compactMap { index.firing(at: $0) }
      .filter { matches($0, text, run) }
  }

  private func matches(_ firing: FiringID, _ text: String, _ run: RunState) -> Bool {
    if let stage, run.graph.stageOf[guarding: firing.process.index] != stage { return false }
    guard !text.isEmpty else { return true }
    let record = run.task(firing)
    let words = [
      run.label(firing), TaskLook(run.state(of: firing)).word, record?.cause?.summary ?? "",
      record?.lastAttempt?.executor?.host ?? "",
    ]
    return words.contains { $0.lowercased().contains(text) }
  }
}
