internal import Engine
internal import JobProtocol

/// The output of one attempt as the log view shows it: bounded in memory, following or paused.
struct LogPane {
  static let lineLimit = 20_000
  static let columnLimit = 8_000_000

  enum Row: Equatable {
    case output(time: Int, isError: Bool, Line)
    /// Lines that the executor left out because they came too fast.
    case dropped(Int)
    /// The backlog no longer had its beginning.
    case truncated
  }

  private(set) var attempt: AttemptID?
  /// Finished rows; the first has the number ``forgotten``.
  private(set) var rows: [Row] = []
  /// Rows that were here and had to go.
  private(set) var forgotten = 0
  private(set) var droppedLines = 0
  private(set) var isComplete = false
  /// The number of the first row shown while paused; `nil` while following.
  private(set) var pausedAt: Int?
  private var columns = 0
  private var lastSequence = 0
  private var lastTime = 0
  private var parsers = [LogLineParser(), LogLineParser()]

  var isFollowing: Bool { pausedAt == nil }

  init(attempt: AttemptID? = nil) { self.attempt = attempt }

  // MARK: Output in

  mutating func take(_ update: LogUpdate) {
    guard update.attempt == attempt else { return }
    if update.isTruncated && lastSequence == 0 && rows.isEmpty { add(.truncated) }
    for chunk in update.chunks where chunk.sequence > lastSequence { take(chunk) }
  }

  private mutating func take(_ chunk: LogChunk) {
    lastSequence = chunk.sequence
    lastTime = chunk.time
    if chunk.droppedLines > 0 {
      droppedLines += chunk.droppedLines
      add(.dropped(chunk.droppedLines))
    }
    switch chunk.stream {
    case .end: complete()
    case .standardOutput: feed(chunk, isError: false)
    case .standardError: feed(chunk, isError: true)
    case .usage: break
    }
  }

  private mutating func feed(_ chunk: LogChunk, isError: Bool) {
    for line in parsers[isError ? 1 : 0].feed(chunk.bytes) {
      add(.output(time: chunk.time, isError: isError, line))
    }
  }

  /// Lines without a line feed at their end are lines all the same.
  private mutating func complete() {
    isComplete = true
    for stream in 0..<2 {
      for line in parsers[stream].unfinished == nil ? [] : parsers[stream].feed([0x0A]) {
        add(.output(time: lastTime, isError: stream == 1, line))
      }
    }
  }

  private mutating func add(_ row: Row) {
    rows.append(row)
    columns += Self.weight(row)
    guard rows.count > Self.lineLimit || columns > Self.columnLimit else { return }
    // A tenth at a time, so that forgetting costs little for each line.
    let leaving = max(1, rows.count / 10)
    columns -= rows[..<leaving].reduce(0) { $0 + Self.weight($1) }
    rows.removeFirst(leaving)
    forgotten += leaving
  }

  private static func weight(_ row: Row) -> Int {
    if case .output(_, _, let line) = row { line.width + 40 } else { 40 }
  }

  // MARK: What is shown

  /// Lines that have begun and not ended: progress bars, prompts.
  var unfinished: [Row] {
    (0..<2).compactMap { stream in
      parsers[stream].unfinished.map { .output(time: lastTime, isError: stream == 1, $0) }
    }
  }

  /// Numbers of the rows there are, unfinished ones and `tail` more included.
  func extent(tail: Int) -> Range<Int> {
    forgotten..<(forgotten + rows.count + unfinished.count + tail)
  }

  /// The last line with something in it.
  var lastLine: String? {
    let all = rows.suffix(20) + unfinished
    for case .output(_, _, let line) in all.reversed() where !line.text.allSatisfy(\.isWhitespace) {
      return line.text
    }
    return nil
  }

  func firstShown(height: Int, tail: Int) -> Int {
    let extent = extent(tail: tail)
    let last = max(extent.lowerBound, extent.upperBound - height)
    return pausedAt.map { min(max($0, extent.lowerBound), last) } ?? last
  }

  // MARK: Scrolling

  /// Scrolling up pauses; reaching the end follows again.
  mutating func scroll(by delta: Int, height: Int, tail: Int) {
    let extent = extent(tail: tail)
    let last = max(extent.lowerBound, extent.upperBound - height)
    let wanted = max(extent.lowerBound, firstShown(height: height, tail: tail) + delta)
    if delta > 0 && wanted >= last { return follow() }
    if wanted < last || pausedAt != nil { pausedAt = min(wanted, last) }
  }

  mutating func scrollToTop(height: Int, tail: Int) {
    scroll(by: -extent(tail: tail).count, height: height, tail: tail)
  }

  mutating func follow() { pausedAt = nil }

  mutating func toggleFollowing(height: Int, tail: Int) {
    pausedAt = pausedAt == nil ? firstShown(height: height, tail: tail) : nil
  }
}
