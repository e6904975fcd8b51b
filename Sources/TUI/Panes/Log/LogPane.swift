internal import Engine
internal import JobProtocol

/// The state of the log pane: the target, the position, the settings.
struct LogPane {
  /// A merged log instead of the selected task's.
  enum Extent: Equatable {
    case task
    case stage(Int)
    case run
  }

  var settings = LogSettings()
  var extent = Extent.task
  /// The attempt that the user chose instead of the last one.
  var chosen: AttemptID?
  var isSideBySide = false
  /// Whether the screen shows only text, which the user can select with the terminal.
  var isTextOnly = false

  private(set) var target = LogTarget.nothing
  /// The attempts of the target whose files were requested.
  private var readAttempts: [AttemptID] = []
  /// The log, or the log of the later attempt of two.
  var viewport = LogViewport()
  /// The log of the earlier attempt of two.
  var other: LogViewport?
  /// Complete logs that were shown recently; the latest at the end.
  private var recentLogs: [(attempt: AttemptID, viewport: LogViewport)] = []
  /// The reader's position when a search began.
  var bookmark: LogViewport.Bookmark?
  var searchBefore: LinePattern?
  /// Whether the followed output must be sent again from its beginning.
  var mustReload = false

  private static let recentLogLimit = 8
  private static let recentByteLimit = 32 << 20

  /// The attempt of the log.
  var attempt: AttemptID? { target.attempt }

  var isFollowing: Bool { viewport.isFollowing && other?.isFollowing ?? true }
  var hasWork: Bool { viewport.hasWork || other?.hasWork ?? false }

  // MARK: The target

  /// Shows another log; the settings stay.
  mutating func change(to target: LogTarget) {
    guard target != self.target else { return }
    saveViewports()
    self.target = target
    readAttempts = []
    switch target {
    case .attempt(let attempt): (viewport, other) = (handle(attempt), nil)
    case .sideBySide(let one, let two):
      (other, viewport) = (handle(one), handle(two))
      // Two logs are compared from their beginnings.
      other?.stayAtTop()
      viewport.stayAtTop()
    case .nothing: (viewport, other) = (LogViewport(), nil)
    case .stage, .run: (viewport, other) = (LogViewport(LogBook(isMerged: true)), nil)
    }
    apply()
  }

  /// Reads the same log again, including rejected lines.
  mutating func returnToPreviousTarget() {
    let target = target
    self.target = .nothing
    (viewport, other) = (LogViewport(), nil)
    change(to: target)
  }

  mutating func handle(_ update: LogUpdate) {
    switch target {
    case .nothing: break
    case .attempt(let attempt): if update.attempt == attempt { viewport.handle(update) }
    case .sideBySide(let one, let two):
      if update.attempt == one { other?.handle(update) }
      if update.attempt == two { viewport.handle(update) }
    case .stage, .run: viewport.handle(update)
    }
  }

  private mutating func saveViewports() {
    let viewports: [(AttemptID, LogViewport)]
    switch target {
    case .attempt(let attempt): viewports = [(attempt, viewport)]
    case .sideBySide(let one, let two):
      viewports = [(two, viewport)] + (other.map { [(one, $0)] } ?? [])
    case .nothing, .stage, .run: viewports = []
    }
    for (attempt, viewport) in viewports where viewport.book.isComplete(attempt) {
      recentLogs.removeAll { $0.attempt == attempt }
      recentLogs.append((attempt, viewport))
    }
    while recentLogs.count > Self.recentLogLimit
      || recentLogs.reduce(0, { $0 + $1.viewport.book.store.byteCount }) > Self.recentByteLimit
    {
      recentLogs.removeFirst()
    }
  }

  private mutating func handle(_ attempt: AttemptID) -> LogViewport {
    guard let place = recentLogs.firstIndex(where: { $0.attempt == attempt }) else {
      return LogViewport()
    }
    return recentLogs.remove(at: place).viewport
  }

  /// Whether output of the target is still to come.
  func missing(_ run: RunState) -> LogSubscription {
    if target.isMerged { return target.subscription(run) }
    return .attempts(
      target.attempts.filter {
        !viewport.book.isComplete($0) && !(other?.book.isComplete($0) ?? false)
      })
  }

  /// The attempts that have ended and have no output yet: it may be in files. Each is returned
  /// once. Files of an attempt that still runs would end before its output does.
  mutating func takeUnread(_ run: RunState) -> [AttemptID] {
    let unread = target.attempts.filter { attempt in
      let book = other.map { attempt == target.attempt ? viewport.book : $0.book } ?? viewport.book
      return book.sources.isEmpty && !readAttempts.contains(attempt)
        && run.task(attempt.firing)?.attempt(attempt.number)?.endedAt != nil
    }
    readAttempts += unread
    return unread
  }

  // MARK: Reading position

  /// Applies the settings to the readers.
  mutating func apply() {
    viewport.filter(settings.criteria, search: settings.search)
    other?.filter(settings.criteria, search: settings.search)
  }

  mutating func search(_ pattern: LinePattern?, seeks: Bool) {
    settings.search = pattern
    viewport.search(pattern, within: settings.criteria, seeks: seeks)
    other?.search(pattern, within: settings.criteria)
  }

  /// Whether there is anything to show.
  var hasOutput: Bool { !viewport.book.store.isEmpty || !viewport.unfinished.isEmpty }

  /// The last line of an attempt's output, after an update.
  func lastLine(of update: LogUpdate) -> String? {
    if target.isMerged || update.attempt == target.attempt {
      return viewport.book.lastText(of: update.attempt)
    }
    // This attempt is not shown; only its last line matters.
    var book = LogBook()
    book.receive(update)
    return book.lastText(of: update.attempt)
  }
}

/// The settings of the log view; kept when another log is shown.
struct LogSettings {
  enum Times: CaseIterable {
    case timeOfDay, sinceStart, none

    var next: Times {
      switch self {
      case .timeOfDay: .sinceStart
      case .sinceStart: .none
      case .none: .timeOfDay
      }
    }
  }

  var streams = StreamChoice.both
  /// Only matching lines are shown.
  var filter: LinePattern?
  var search: LinePattern?
  var wraps = false
  var times = Times.timeOfDay
  /// How far long lines are scrolled, in columns.
  var shift = 0

  /// The streams that are shown.
  var criteria: LineScan.Criteria {
    LineScan.Criteria(streams: streams, patterns: filter.map { [$0] } ?? [])
  }
}
