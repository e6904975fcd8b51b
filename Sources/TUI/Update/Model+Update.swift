internal import Engine
import HumanText
internal import JobProtocol
internal import Workflow

extension Model {
  /// How long after the end of a run to ring and notify, in milliseconds.
  private static let endNoticeMilliseconds = 10_000

  /// Brings the initial model up to date; call it first.
  mutating func start() -> [Effect] { refresh() }

  /// Updates the model and returns the effects.
  mutating func update(_ message: Message) -> [Effect] {
    var effects: [Effect] = []
    switch message {
    case .input(let input): return answer(input)
    case .resized(let size): self.size = size
    case .clock(let time):
      setTime(time)
      clearStatus()
      tasks.selectAutomatically(run, mayLeaveFinished: true)
    case .world(let messages):
      let wasLive = phase == .live
      for message in messages { handle(message) }
      if wasLive, phase != .live { effects = announceEnd() }
    case .programEnded(let input, let outcome): effects = handle(outcome, of: input)
    }
    return effects + refresh()
  }

  private mutating func answer(_ input: Input) -> [Effect] {
    let before = target
    isAnswering = true
    defer { isAnswering = false }
    let effects = handle(input) + refresh()
    // The user has moved the cursor, so its target counts as seen, even before the screen is
    // painted.
    if seenTarget != nil, target != before { seenTarget = target }
    return effects
  }

  private mutating func handle(_ message: WorldMessage) {
    switch message {
    case .events(let events): for event in events { handle(event) }
    case .log(let update): handle(update)
    case .connection(let connection): self.connection = connection
    case .engine(let isAlive): engineIsGone = !isAlive
    case .notice(let text): showMessage(text.displayName)
    case .closed: isClosed = true
    case .workers(let health): self.health = health
    case .runs(let runs): self.runs = runs
    case .switched(let state): show(state)
    case .returned(let run): showKeptRun(run)
    case .replay(let state): handle(state)
    case .rewound(let state): rewind(to: state)
    case .files(let facts): detail.handle(facts)
    case .lastLine(let attempt, let line):
      guard run.lastAttempt(of: attempt.firing) == attempt else { return }
      remember(Summary.shown(line), of: attempt.firing)
    case .lag(let milliseconds): lag = milliseconds
    }
  }

  /// Rings and notifies when the run has just ended.
  private func announceEnd() -> [Effect] {
    guard replay == nil, let ended = run.settledAt, now - ended < Self.endNoticeMilliseconds else {
      return []
    }
    var effects: [Effect] = []
    if preferences.bell { effects.append(.bell) }
    if preferences.notify { effects.append(.notify(Summary.headline(run, now: now))) }
    if let command = preferences.onFinish, !command.isEmpty {
      effects.append(.world(.finished(run.status, run.info, command: command)))
    }
    return effects
  }

  /// Shows a message until the next key, or for some seconds during a live run.
  mutating func showMessage(_ text: String) {
    status = text
    statusTicks = 0
  }

  private mutating func clearStatus() {
    statusTicks += 1
    if statusTicks > 3 { status = nil }
  }

  private mutating func handle(_ event: RunEvent) {
    run.apply(event)
    setTime(event.time)
    for pane in Pane.built { pane.content?.handle(event, on: &self) }
    switch event.change {
    case .jobFinished(_, .succeeded, let usage, _):
      rate.count(at: event.time, duration: usage.wallMilliseconds)
    case .runFinished: isClosed = true
    case .engineStarted:
      isClosed = false
      engineIsGone = false
    case .notice(let text): showMessage(text.displayName)
    default: break
    }
    answerRequest(event.change)
    if awaitsAnswer, let happened = event.change.answer {
      awaitsAnswer = false
      showMessage(happened)
    }
  }

  private mutating func handle(_ update: LogUpdate) {
    for pane in Pane.built { pane.content?.handle(update, on: &self) }
    log.handle(update)
    if let line = log.lastLine(of: update) { remember(line, of: update.attempt.firing) }
  }

  private mutating func remember(_ line: String, of firing: FiringID) {
    if lastLines.count > 10_000 { lastLines.removeAll() }
    lastLines[firing] = line
  }

  private mutating func handle(_ outcome: ProgramOutcome, of input: ProgramText) -> [Effect] {
    switch outcome {
    case .failed(let reason): showMessage(reason)
    case .ended: applyEditedText(outcome)
    case .left: break
    }
    return []
  }

  /// Brings selections, windows and the followed log up to date.
  private mutating func refresh() -> [Effect] {
    dropStaleOverlay()
    updateForecast()
    // The failures' selection determines what the other panes show.
    let panes = [Pane.failures] + Pane.built.filter { $0 != .failures }
    return panes.flatMap { $0.content?.refresh(&self) ?? [] }
  }

  /// Closes a question that no longer applies.
  private mutating func dropStaleOverlay() {
    guard case .question(let question) = overlay else { return }
    let isStale =
      switch question {
      case .leave: lacksEngine
      case .stop, .stopAndLeave: phase != .live
      case .close: phase != .open
      case .tasks(let question): question.isStale(run)
      case .removeWorker(let site, let id):
        !run.allocations.contains { $0.site == site && $0.id == id }
      case .drain(let worker): !run.workers.contains { $0.name == worker && !$0.isGone }
      }
    guard isStale else { return }
    overlay = nil
    showMessage("the question is closed: \(question.end(run))")
  }
}

extension RunEvent.Change {
  /// The message about the effect of a request about the run.
  fileprivate var answer: String? {
    switch self {
    case .paused: "paused: no job is started"
    case .continued: "continued"
    case .slotsChanged(let count): "up to \(Formats.counted(count, "job")) at a time"
    case .failFastChanged(let isOn): isOn ? "fail-fast is on" : "fail-fast is off"
    case .stopRequested: "stopping: jobs are being cancelled"
    case .runFinished: "the run is closed"
    default: nil
    }
  }
}
