internal import Engine
internal import JobProtocol

/// The log: whose output, which position, how it is shown.
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
  var isBeside = false
  /// Whether only text is on the screen, to be selected with the terminal.
  var isBare = false

  private(set) var target = LogTarget.nothing
  /// The log, or the later one of two.
  var reader = LogReader()
  /// The earlier one of two.
  var other: LogReader?
  /// Complete logs that were shown recently; the latest at the end.
  private var shelf: [(attempt: AttemptID, reader: LogReader)] = []
  /// The reader's position when a search began.
  var bookmark: LogReader.Bookmark?
  var searchBefore: LinePattern?
  /// Whether the followed output must be sent again from its beginning.
  var mustReload = false

  private static let shelfSize = 8
  private static let shelfBytes = 32 << 20

  /// The attempt of the log.
  var attempt: AttemptID? { target.attempt }

  var isFollowing: Bool { reader.isFollowing && other?.isFollowing ?? true }
  var hasWork: Bool { reader.hasWork || other?.hasWork ?? false }

  // MARK: The target

  /// Shows another log; the settings stay.
  mutating func turn(to target: LogTarget) {
    guard target != self.target else { return }
    shelve()
    self.target = target
    switch target {
    case .attempt(let attempt): (reader, other) = (handle(attempt), nil)
    case .beside(let one, let two): (other, reader) = (handle(one), handle(two))
    case .nothing: (reader, other) = (LogReader(), nil)
    case .stage, .run: (reader, other) = (LogReader(LogBook(isMerged: true)), nil)
    }
    apply()
  }

  /// Reads the same log again, including rejected lines.
  mutating func turnBack() {
    let target = target
    self.target = .nothing
    (reader, other) = (LogReader(), nil)
    turn(to: target)
  }

  mutating func handle(_ update: LogUpdate) {
    switch target {
    case .nothing: break
    case .attempt(let attempt): if update.attempt == attempt { reader.handle(update) }
    case .beside(let one, let two):
      if update.attempt == one { other?.handle(update) }
      if update.attempt == two { reader.handle(update) }
    case .stage, .run: reader.handle(update)
    }
  }

  private mutating func shelve() {
    let readers: [(AttemptID, LogReader)]
    switch target {
    case .attempt(let attempt): readers = [(attempt, reader)]
    case .beside(let one, let two): readers = [(two, reader)] + (other.map { [(one, $0)] } ?? [])
    case .nothing, .stage, .run: readers = []
    }
    for (attempt, reader) in readers where reader.book.isComplete(attempt) {
      shelf.removeAll { $0.attempt == attempt }
      shelf.append((attempt, reader))
    }
    while shelf.count > Self.shelfSize
      || shelf.reduce(0, { $0 + $1.reader.book.store.byteCount }) > Self.shelfBytes
    {
      shelf.removeFirst()
    }
  }

  private mutating func handle(_ attempt: AttemptID) -> LogReader {
    guard let place = shelf.firstIndex(where: { $0.attempt == attempt }) else { return LogReader() }
    return shelf.remove(at: place).reader
  }

  /// Whether output of the target is still to come.
  func missing(_ run: RunState) -> LogSubscription {
    if target.isMerged { return target.subscription(run) }
    return .attempts(
      target.attempts.filter {
        !reader.book.isComplete($0) && !(other?.book.isComplete($0) ?? false)
      })
  }

  // MARK: How it is read

  /// Applies the settings to the readers.
  mutating func apply() {
    reader.filter(settings.criteria, search: settings.search)
    other?.filter(settings.criteria, search: settings.search)
  }

  mutating func search(_ pattern: LinePattern?, seeks: Bool) {
    settings.search = pattern
    reader.search(pattern, within: settings.criteria, seeks: seeks)
    other?.search(pattern, within: settings.criteria)
  }

  /// Whether there is anything to show.
  var hasOutput: Bool { !reader.book.store.isEmpty || !reader.unfinished.isEmpty }

  /// The last line of an attempt's output, after an update.
  func lastLine(of update: LogUpdate) -> String? {
    if target.isMerged || update.attempt == target.attempt {
      return reader.book.lastText(of: update.attempt)
    }
    // This attempt is not shown; only its last line matters.
    var book = LogBook()
    book.receive(update)
    return book.lastText(of: update.attempt)
  }
}
