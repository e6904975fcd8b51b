internal import Engine

/// A position in a log book, and the view from there: which lines are shown, and which match a
/// search.
///
/// Positions are line numbers, so the visible lines stay in place when lines are added,
/// discarded or filtered.
struct LogViewport {
  /// The size of the view.
  struct ViewSize: Equatable {
    var height: Int
    /// Columns for the text of a line.
    var columns: Int
    var wraps: Bool
    /// Rows after the last line, for how the attempt ended.
    var tail: Int = 0
  }

  /// A row of the screen: a shown line, and a piece of it.
  struct RowPosition: Equatable, Comparable {
    var index: Int
    var part: Int

    static func < (one: RowPosition, other: RowPosition) -> Bool {
      (one.index, one.part) < (other.index, other.part)
    }
  }

  fileprivate struct LinePosition: Equatable {
    var line: Int
    var part: Int
  }

  private(set) var book: LogBook
  /// The shown lines; `nil` for all.
  private(set) var lines: LineScan?
  /// The lines that match the search.
  private(set) var matches: LineScan?
  /// The last match that was visited.
  private(set) var current: Int?
  /// Unfinished lines that are shown, as of the last ``scan(budget:_:)``.
  private(set) var unfinished: [LogBook.Unfinished] = []
  /// The first visible row; `nil` when following the end.
  private var top: LinePosition?
  /// Whether to go to the nearest match once the scan has found it.
  private var isSeeking = false

  init(_ book: LogBook = LogBook()) { self.book = book }

  var isFollowing: Bool { top == nil }

  /// Whether a scan is incomplete.
  var hasWork: Bool {
    !(lines?.isComplete(book.store) ?? true) || !(matches?.isComplete(book.store) ?? true)
  }

  mutating func handle(_ update: LogUpdate) { book.receive(update, pinned: top?.line) }

  /// Continues the scans; `budget` is in bytes of plain text.
  mutating func scan(budget: Int, _ view: ViewSize) {
    lines?.advance(book.store, budget: budget)
    matches?.advance(book.store, budget: budget)
    let all = book.unfinished()
    unfinished = lines.map { lines in all.filter { lines.criteria.holds($0) } } ?? all
    if isSeeking { seek(view) }
  }

  // MARK: What is shown

  var count: Int { lines?.count ?? book.store.count }

  /// The line number at an index; unfinished lines and the tail come after the last line.
  func line(at index: Int) -> Int {
    if index >= count { return book.store.end + index - count }
    return lines?[index] ?? book.store.first + index
  }

  private func index(notBefore line: Int) -> Int {
    if line >= book.store.end { return count + line - book.store.end }
    return lines?.index(notBefore: line) ?? max(0, line - book.store.first)
  }

  private func total(_ view: ViewSize) -> Int { count + unfinished.count + view.tail }

  /// How many rows a shown line takes.
  private func parts(_ index: Int, _ view: ViewSize) -> Int {
    guard view.wraps, view.columns > 0 else { return 1 }
    if index >= count {
      let under = unfinished[guarding: index - count]
      return under.map { rows(of: $0.line.bytes, $0.line.traits, view) } ?? 1
    }
    var parts = 1
    let number = line(at: index)
    _ = book.store.visit(number..<number + 1) { _, entry, bytes in
      if entry.kind == .output || entry.kind == .error {
        parts = rows(of: bytes, entry.traits, view)
      }
      return false
    }
    return parts
  }

  private func rows(
    of bytes: some Collection<UInt8>, _ traits: KeptLine.Traits, _ view: ViewSize
  ) -> Int {
    if traits.arePlain { return max(1, (bytes.count + view.columns - 1) / view.columns) }
    return book.styles.line(bytes).wrapped(to: view.columns).count
  }

  /// The first visible row.
  func firstShown(_ view: ViewSize) -> RowPosition {
    let last = lastTop(view)
    guard let top else { return last }
    let index = index(notBefore: top.line)
    let isShown = index < count ? line(at: index) == top.line : index < total(view)
    let part = isShown ? min(top.part, parts(index, view) - 1) : 0
    return min(RowPosition(index: index, part: part), last)
  }

  /// The first visible row when the last row is at the bottom.
  private func lastTop(_ view: ViewSize) -> RowPosition {
    var left = view.height
    var index = total(view)
    while index > 0 {
      index -= 1
      let parts = parts(index, view)
      if parts >= left { return RowPosition(index: index, part: parts - left) }
      left -= parts
    }
    return RowPosition(index: 0, part: 0)
  }

  /// The visible rows, from the top.
  func shown(_ view: ViewSize) -> [RowPosition] {
    var position = firstShown(view)
    let total = total(view)
    var positions: [RowPosition] = []
    while positions.count < view.height, position.index < total {
      positions.append(position)
      position = next(position, view)
    }
    return positions
  }

  /// How many shown lines are below the view.
  func countBelow(_ view: ViewSize) -> Int {
    guard let last = shown(view).last else { return 0 }
    return max(0, count - 1 - last.index)
  }

  private func next(_ position: RowPosition, _ view: ViewSize) -> RowPosition {
    position.part + 1 < parts(position.index, view)
      ? RowPosition(index: position.index, part: position.part + 1)
      : RowPosition(index: position.index + 1, part: 0)
  }

  private func previous(_ position: RowPosition, _ view: ViewSize) -> RowPosition? {
    if position.part > 0 { return RowPosition(index: position.index, part: position.part - 1) }
    guard position.index > 0 else { return nil }
    return RowPosition(index: position.index - 1, part: parts(position.index - 1, view) - 1)
  }

  // MARK: Moving

  /// Scrolls. Scrolling up stops following; reaching the end follows again.
  mutating func scroll(by rows: Int, _ view: ViewSize) {
    var position = firstShown(view)
    let last = lastTop(view)
    if rows >= 0 {
      for _ in 0..<rows where position < last { position = next(position, view) }
      if rows > 0, position >= last { return follow() }
    } else {
      for _ in 0..<(-rows) {
        guard let before = previous(position, view) else { break }
        position = before
      }
      if position >= last, isFollowing { return }
    }
    pause(at: position)
  }

  mutating func scrollToTop(_ view: ViewSize) {
    if lastTop(view) > RowPosition(index: 0, part: 0) { pause(at: RowPosition(index: 0, part: 0)) }
  }

  mutating func follow() { top = nil }

  /// Stays at the first line, also while more lines come.
  mutating func stayAtTop() { top = LinePosition(line: book.store.first, part: 0) }

  /// Stops following.
  mutating func pause(_ view: ViewSize) { pause(at: firstShown(view)) }

  private mutating func pause(at position: RowPosition) {
    top = LinePosition(line: line(at: position.index), part: position.part)
  }

  /// Shows a line; does not move if it is visible. `marks`: treat it as a match.
  mutating func show(line: Int, _ view: ViewSize, marks: Bool = false) {
    if marks { current = line }
    let index = index(notBefore: line)
    let shown = shown(view)
    if let first = shown.first, let last = shown.last, (first.index...last.index).contains(index) {
      return pause(at: firstShown(view))
    }
    var position = RowPosition(index: index, part: 0)
    for _ in 0..<view.height / 3 {
      guard let before = previous(position, view) else { break }
      position = before
    }
    pause(at: min(position, lastTop(view)))
  }

  // MARK: Filtering and searching

  /// Filters lines; the visible line stays in view.
  mutating func filter(_ criteria: LineScan.Criteria, search: LinePattern?) {
    lines = criteria.isEverything ? nil : LineScan(criteria)
    self.search(search, within: criteria)
  }

  /// `seeks`: go to the nearest match once it is known.
  mutating func search(
    _ pattern: LinePattern?, within criteria: LineScan.Criteria, seeks: Bool = false
  ) {
    current = nil
    isSeeking = seeks && pattern != nil
    matches = pattern.map { pattern in
      var criteria = criteria
      criteria.patterns.append(pattern)
      criteria.isOutputOnly = true
      return LineScan(criteria)
    }
  }

  /// The line at the top, to return to.
  struct Bookmark { fileprivate let top: LinePosition? }

  var bookmark: Bookmark { Bookmark(top: top) }

  mutating func go(to bookmark: Bookmark) { top = bookmark.top }

  /// The first match from the top of the view; when following, the last match.
  private mutating func seek(_ view: ViewSize) {
    guard let matches else {
      isSeeking = false
      return
    }
    let start = isFollowing ? book.store.end : line(at: firstShown(view).index)
    let index = matches.index(notBefore: start)
    if index < matches.count {
      go(to: index, view)
    } else if matches.isComplete(book.store) {
      go(to: matches.count - 1, view)
    } else {
      return
    }
    isSeeking = false
  }

  /// Goes to the next or previous match, cyclically. Returns whether it wrapped around.
  mutating func find(forward: Bool, _ view: ViewSize) -> Bool {
    guard let matches, matches.count > 0 else { return false }
    let here = current ?? line(at: firstShown(view).index) - (forward ? 1 : 0)
    let index = matches.index(notBefore: forward ? here + 1 : here) - (forward ? 0 : 1)
    let isOver = !(0..<matches.count).contains(index)
    go(to: isOver ? (forward ? 0 : matches.count - 1) : index, view)
    return isOver
  }

  private mutating func go(to index: Int, _ view: ViewSize) {
    guard let line = matches?[index] else { return }
    current = line
    show(line: line, view)
  }

  /// The index of the current match, from 1.
  var ordinal: Int? {
    guard let current, let matches, matches.contains(current) else { return nil }
    return matches.index(notBefore: current) + 1
  }
}

extension LineScan.Criteria {
  func holds(_ unfinished: LogBook.Unfinished) -> Bool {
    if streams == (unfinished.isError ? .output : .error) { return false }
    let (bytes, traits) = (unfinished.line.bytes, unfinished.line.traits)
    return bytes.withUnsafeBufferPointer { bytes in
      patterns.allSatisfy { $0.isFound(in: bytes, traits) }
    }
  }
}
