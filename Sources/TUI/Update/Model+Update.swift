internal import Engine
internal import JobProtocol
internal import Workflow

extension Model {
  /// The first thing: settles what the initial state shows.
  mutating func start() -> [Effect] { settle() }

  /// Takes what happened, and returns what follows from it.
  mutating func update(_ message: Message) -> [Effect] {
    var effects: [Effect] = []
    switch message {
    case .input(let input): effects = take(input)
    case .resized(let size): self.size = size
    case .clock(let time):
      setTime(time)
      forgetStatus()
      tasks.selectByItself(run, mayLeaveFinished: true)
    case .world(let messages): for message in messages { take(message) }
    }
    return effects + settle()
  }

  private mutating func take(_ message: WorldMessage) {
    switch message {
    case .events(let events): for event in events { take(event) }
    case .log(let update): take(update)
    case .connection(let connection): self.connection = connection
    case .notice(let text): say(text.displayName)
    case .closed: isClosed = true
    }
  }

  /// Shows a line until the next key, or for some seconds of a live run.
  mutating func say(_ text: String) {
    status = text
    statusTicks = 0
  }

  private mutating func forgetStatus() {
    statusTicks += 1
    if statusTicks > 6 { status = nil }
  }

  private mutating func take(_ event: RunEvent) {
    run.apply(event)
    setTime(event.time)
    tasks.follow(event.change, run)
    switch event.change {
    case .jobFinished(_, .succeeded, _, _): rate.count(at: event.time)
    case .runFinished: isClosed = true
    case .notice(let text): say(text.displayName)
    default: break
    }
  }

  private mutating func take(_ update: LogUpdate) {
    log.take(update)
    let lastLine: String?
    if update.attempt == log.attempt {
      lastLine = log.lastLine
    } else {
      // Not the one on the screen: only its last line is of interest.
      var other = LogPane(attempt: update.attempt)
      other.take(update)
      lastLine = other.lastLine
    }
    if let lastLine { remember(lastLine, of: update.attempt.firing) }
  }

  private mutating func remember(_ line: String, of firing: FiringID) {
    if lastLines.count > 10_000 { lastLines.removeAll() }
    lastLines[firing] = line
  }

  /// Makes selections, windows and the followed log agree with everything else.
  private mutating func settle() -> [Effect] {
    let wasSeen = log.attempt?.firing == selected && !log.rows.isEmpty
    tasks.settle(run, height: layout.height(.tasks), wasSeen: wasSeen)
    settleGraph()
    dropStaleOverlay()
    let attempt = selected.flatMap { run.lastAttempt(of: $0) }
    guard attempt != log.attempt else { return [] }
    log = LogPane(attempt: attempt)
    return [.world(.followLog(attempt))]
  }

  private mutating func settleGraph() {
    let rows = graphRows
    var cursor = min(graphWindow.cursor, max(0, rows.count - 1))
    while cursor > 0, rows[guarding: cursor]?.stage == nil { cursor -= 1 }
    graphWindow.place(cursor: cursor, count: rows.count, height: layout.height(.graph))
  }

  /// A question whose answer no longer matters goes away.
  private mutating func dropStaleOverlay() {
    guard case .question(let question) = overlay else { return }
    let isStale =
      switch question {
      case .leave: false
      case .cancel(let firing): run.state(of: firing).isOver
      case .skip(let firing): !run.state(of: firing).needsAttention
      }
    if isStale { overlay = nil }
  }
}
