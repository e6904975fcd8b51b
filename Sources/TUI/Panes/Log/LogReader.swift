/// A place in a book, and what of the book is seen from there: which lines are shown, which of them
/// have what is looked for.
///
/// Places are lines by their numbers, so what is read stays where it is whatever comes in below,
/// goes away above, or is filtered out.
struct LogReader {
  /// What a screen has room for.
  struct Room: Equatable {
    var height: Int
    /// For the text of a line.
    var columns: Int
    var wraps: Bool
    /// Rows below the last line that are no lines: how it ended.
    var tail: Int = 0
  }

  /// A row of the screen: which of the lines that are shown, and which piece of it.
  struct Spot: Equatable, Comparable {
    var index: Int
    var part: Int

    static func < (one: Spot, other: Spot) -> Bool {
      (one.index, one.part) < (other.index, other.part)
    }
  }

  fileprivate struct Place: Equatable {
    var line: Int
    var part: Int
  }

  private(set) var book: LogBook
  /// The lines that are shown; `nil` for all.
  private(set) var lines: LineScan?
  /// The lines that have what is looked for.
  private(set) var matches: LineScan?
  /// The line that was found last.
  private(set) var current: Int?
  /// Lines under way, of those that are shown; as of the last ``work(budget:_:)``.
  private(set) var unfinished: [LogBook.Unfinished] = []
  /// The first row on the screen; `nil` at the end, following.
  private var top: Place?
  /// The screen is to go to the nearest line found, once it is known.
  private var isSeeking = false

  init(_ book: LogBook = LogBook()) { self.book = book }

  var isFollowing: Bool { top == nil }

  /// Whether a scan has not seen all that is there.
  var hasWork: Bool {
    !(lines?.isComplete(book.store) ?? true) || !(matches?.isComplete(book.store) ?? true)
  }

  mutating func take(_ update: LogUpdate) { book.take(update, pinned: top?.line) }

  /// Goes on with the scans; `budget` is in bytes of plain text.
  mutating func work(budget: Int, _ room: Room) {
    lines?.advance(book.store, budget: budget)
    matches?.advance(book.store, budget: budget)
    let all = book.unfinished()
    unfinished = lines.map { lines in all.filter { lines.wish.holds($0) } } ?? all
    if isSeeking { seek(room) }
  }

  // MARK: What is shown

  var count: Int { lines?.count ?? book.store.count }

  /// The number of a shown line; lines under way and the tail are behind the last.
  func line(at index: Int) -> Int {
    if index >= count { return book.store.end + index - count }
    return lines?[index] ?? book.store.first + index
  }

  private func index(notBefore line: Int) -> Int {
    if line >= book.store.end { return count + line - book.store.end }
    return lines?.index(notBefore: line) ?? max(0, line - book.store.first)
  }

  private func total(_ room: Room) -> Int { count + unfinished.count + room.tail }

  /// How many rows a shown line takes.
  private func parts(_ index: Int, _ room: Room) -> Int {
    guard room.wraps, room.columns > 0 else { return 1 }
    if index >= count {
      let under = unfinished[guarding: index - count]
      return under.map { rows(of: $0.line.bytes, $0.line.traits, room) } ?? 1
    }
    var parts = 1
    let number = line(at: index)
    _ = book.store.visit(number..<number + 1) { _, entry, bytes in
      if entry.kind == .output || entry.kind == .error {
        parts = rows(of: bytes, entry.traits, room)
      }
      return false
    }
    return parts
  }

  private func rows(
    of bytes: some Collection<UInt8>, _ traits: KeptLine.Traits, _ room: Room
  ) -> Int {
    if traits.arePlain { return max(1, (bytes.count + room.columns - 1) / room.columns) }
    return book.styles.line(bytes).wrapped(to: room.columns).count
  }

  /// The first row on the screen.
  func firstShown(_ room: Room) -> Spot {
    let last = lastTop(room)
    guard let top else { return last }
    let index = index(notBefore: top.line)
    let isThere = index < count ? line(at: index) == top.line : index < total(room)
    let part = isThere ? min(top.part, parts(index, room) - 1) : 0
    return min(Spot(index: index, part: part), last)
  }

  /// The first row when the last one is at the bottom.
  private func lastTop(_ room: Room) -> Spot {
    var left = room.height
    var index = total(room)
    while index > 0 {
      index -= 1
      let parts = parts(index, room)
      if parts >= left { return Spot(index: index, part: parts - left) }
      left -= parts
    }
    return Spot(index: 0, part: 0)
  }

  /// The rows on the screen, from above.
  func shown(_ room: Room) -> [Spot] {
    var spot = firstShown(room)
    let total = total(room)
    var spots: [Spot] = []
    while spots.count < room.height, spot.index < total {
      spots.append(spot)
      spot = next(spot, room)
    }
    return spots
  }

  /// Lines that are shown below the screen.
  func countBelow(_ room: Room) -> Int {
    guard let last = shown(room).last else { return 0 }
    return max(0, count - 1 - last.index)
  }

  private func next(_ spot: Spot, _ room: Room) -> Spot {
    spot.part + 1 < parts(spot.index, room)
      ? Spot(index: spot.index, part: spot.part + 1) : Spot(index: spot.index + 1, part: 0)
  }

  private func previous(_ spot: Spot, _ room: Room) -> Spot? {
    if spot.part > 0 { return Spot(index: spot.index, part: spot.part - 1) }
    guard spot.index > 0 else { return nil }
    return Spot(index: spot.index - 1, part: parts(spot.index - 1, room) - 1)
  }

  // MARK: Moving

  /// Scrolling up pauses; reaching the end follows again.
  mutating func scroll(by rows: Int, _ room: Room) {
    var spot = firstShown(room)
    let last = lastTop(room)
    if rows >= 0 {
      for _ in 0..<rows where spot < last { spot = next(spot, room) }
      if rows > 0, spot >= last { return follow() }
    } else {
      for _ in 0..<(-rows) {
        guard let before = previous(spot, room) else { break }
        spot = before
      }
      if spot >= last, isFollowing { return }
    }
    pause(at: spot)
  }

  mutating func scrollToTop(_ room: Room) {
    if lastTop(room) > Spot(index: 0, part: 0) { pause(at: Spot(index: 0, part: 0)) }
  }

  mutating func follow() { top = nil }

  /// Stays where it is, whatever comes.
  mutating func pause(_ room: Room) { pause(at: firstShown(room)) }

  private mutating func pause(at spot: Spot) {
    top = Place(line: line(at: spot.index), part: spot.part)
  }

  /// Shows a line, without moving when it is on the screen already. `marks`: as if it were found.
  mutating func show(line: Int, _ room: Room, marks: Bool = false) {
    if marks { current = line }
    let index = index(notBefore: line)
    let shown = shown(room)
    if let first = shown.first, let last = shown.last, (first.index...last.index).contains(index) {
      return pause(at: firstShown(room))
    }
    var spot = Spot(index: index, part: 0)
    for _ in 0..<room.height / 3 {
      guard let before = previous(spot, room) else { break }
      spot = before
    }
    pause(at: min(spot, lastTop(room)))
  }

  // MARK: Filtering and searching

  /// Shows only some lines; what is read stays in sight.
  mutating func filter(_ wish: LineScan.Wish, search: LinePattern?) {
    lines = wish.isEverything ? nil : LineScan(wish)
    self.search(search, within: wish)
  }

  /// `seeks`: goes to the nearest line found, once it is known.
  mutating func search(_ pattern: LinePattern?, within wish: LineScan.Wish, seeks: Bool = false) {
    current = nil
    isSeeking = seeks && pattern != nil
    matches = pattern.map { pattern in
      var wish = wish
      wish.patterns.append(pattern)
      wish.isOutputOnly = true
      return LineScan(wish)
    }
  }

  /// Where it reads, to come back to.
  struct Bookmark { fileprivate let top: Place? }

  var bookmark: Bookmark { Bookmark(top: top) }

  mutating func go(to bookmark: Bookmark) { top = bookmark.top }

  /// The first line found from the screen on; while following, where most lines are above, the last
  /// one.
  private mutating func seek(_ room: Room) {
    guard let matches else {
      isSeeking = false
      return
    }
    let start = isFollowing ? book.store.end : line(at: firstShown(room).index)
    let index = matches.index(notBefore: start)
    if index < matches.count {
      go(to: index, room)
    } else if matches.isComplete(book.store) {
      go(to: matches.count - 1, room)
    } else {
      return
    }
    isSeeking = false
  }

  /// The next line found, or the one before; around the end. Says whether it went around.
  mutating func find(forward: Bool, _ room: Room) -> Bool {
    guard let matches, matches.count > 0 else { return false }
    let here = current ?? line(at: firstShown(room).index) - (forward ? 1 : 0)
    let index = matches.index(notBefore: forward ? here + 1 : here) - (forward ? 0 : 1)
    let isOver = !(0..<matches.count).contains(index)
    go(to: isOver ? (forward ? 0 : matches.count - 1) : index, room)
    return isOver
  }

  private mutating func go(to index: Int, _ room: Room) {
    guard let line = matches?[index] else { return }
    current = line
    show(line: line, room)
  }

  /// Which of the lines found the current one is, from 1.
  var ordinal: Int? {
    guard let current, let matches, matches.contains(current) else { return nil }
    return matches.index(notBefore: current) + 1
  }
}

extension LineScan.Wish {
  func holds(_ unfinished: LogBook.Unfinished) -> Bool {
    if streams == (unfinished.isError ? .output : .error) { return false }
    let (bytes, traits) = (unfinished.line.bytes, unfinished.line.traits)
    return bytes.withUnsafeBufferPointer { bytes in
      patterns.allSatisfy { $0.isFound(in: bytes, traits) }
    }
  }
}
