internal import Engine
internal import JobProtocol

/// The log: whose output is read, where, and how.
struct LogPane {
  /// The whole of a merged log, rather than the selected task's.
  enum Extent: Equatable {
    case task
    case stage(Int)
    case run
  }

  var settings = LogSettings()
  var extent = Extent.task
  /// The attempt that a person chose, instead of the last one.
  var chosen: AttemptID?
  var isBeside = false
  /// Nothing but the text is on the screen, for the terminal to select from.
  var isBare = false

  private(set) var target = LogTarget.nothing
  /// The log, or the later one of two.
  var reader = LogReader()
  /// The earlier one of two.
  var other: LogReader?
  /// Complete logs that were read lately; the last one at the end.
  private var shelf: [(attempt: AttemptID, reader: LogReader)] = []
  /// Where the reader was when a search began.
  var bookmark: LogReader.Bookmark?
  var searchBefore: LinePattern?
  /// What is followed must be sent again from its beginning.
  var mustReload = false

  private static let shelfSize = 8
  private static let shelfBytes = 32 << 20

  /// The attempt that the log is about.
  var attempt: AttemptID? { target.attempt }

  var isFollowing: Bool { reader.isFollowing && other?.isFollowing ?? true }
  var hasWork: Bool { reader.hasWork || other?.hasWork ?? false }

  // MARK: What is read

  /// Turns to another log; the settings stay.
  mutating func turn(to target: LogTarget) {
    guard target != self.target else { return }
    shelve()
    self.target = target
    switch target {
    case .attempt(let attempt): (reader, other) = (take(attempt), nil)
    case .beside(let one, let two): (other, reader) = (take(one), take(two))
    case .nothing: (reader, other) = (LogReader(), nil)
    case .stage, .run: (reader, other) = (LogReader(LogBook(isMerged: true)), nil)
    }
    apply()
  }

  /// Reads the same anew: what had no room while somebody read above comes again.
  mutating func turnBack() {
    let target = target
    self.target = .nothing
    (reader, other) = (LogReader(), nil)
    turn(to: target)
  }

  mutating func take(_ update: LogUpdate) {
    switch target {
    case .nothing: break
    case .attempt(let attempt): if update.attempt == attempt { reader.take(update) }
    case .beside(let one, let two):
      if update.attempt == one { other?.take(update) }
      if update.attempt == two { reader.take(update) }
    case .stage, .run: reader.take(update)
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

  private mutating func take(_ attempt: AttemptID) -> LogReader {
    guard let place = shelf.firstIndex(where: { $0.attempt == attempt }) else { return LogReader() }
    return shelf.remove(at: place).reader
  }

  /// What of the target still has to come.
  func missing(_ run: RunState) -> LogWish {
    if target.isMerged { return target.wish(run) }
    return .attempts(
      target.attempts.filter {
        !reader.book.isComplete($0) && !(other?.book.isComplete($0) ?? false)
      })
  }

  // MARK: How it is read

  /// Makes the readers show and look for what the settings say.
  mutating func apply() {
    reader.filter(settings.wish, search: settings.search)
    other?.filter(settings.wish, search: settings.search)
  }

  mutating func search(_ pattern: LinePattern?, seeks: Bool) {
    settings.search = pattern
    reader.search(pattern, within: settings.wish, seeks: seeks)
    other?.search(pattern, within: settings.wish)
  }

  /// There is something to be seen.
  var hasOutput: Bool { !reader.book.store.isEmpty || !reader.unfinished.isEmpty }

  /// The last line of an attempt's output, after an update of it.
  func lastLine(of update: LogUpdate) -> String? {
    if target.isMerged || update.attempt == target.attempt {
      return reader.book.lastText(of: update.attempt)
    }
    // Not one on the screen: only its last line is of interest.
    var book = LogBook()
    book.take(update)
    return book.lastText(of: update.attempt)
  }
}
