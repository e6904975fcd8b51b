import Glibc

/// Where one stream of a job's output is left out, and how many lines that are.
///
/// | what was sent ends | the gap ends | sent behind it |
/// |---|---|---|
/// | with a line | behind a line feed | the next line |
/// | in a line | behind a line feed | a line feed, then the next line |
/// | in a line | at a carriage return in the same line | the carriage return: the line restarts |
/// | anywhere | at a carriage return in another line | as behind a line feed |
struct OutputGap {
  private static let feed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// Lines left out that nobody has been told of. A line of which a part is left out counts once.
  private var droppedLines = 0
  /// In the middle of a line of which the rest is being left out.
  private var isOpen = false
  /// The line that is open, or was last cut, has been counted.
  private var isCounted = false
  /// A line feed was left out since the last byte that was sent.
  private var hasFeed = false
  /// The last byte that was sent; a line feed before the first.
  private var lastSent = OutputGap.feed
  /// The line feed that ends the last line sent is still to be sent.
  private var owesFeed = false

  /// Behind the last line feed or carriage return in a range, so that lines and the states of a
  /// progress bar stay whole; `nil` when there is none.
  static func lastBoundary(in bytes: [UInt8], _ range: Range<Int>) -> Int? {
    guard let place = bytes[range].lastIndex(where: { $0 == feed || $0 == carriageReturn }) else {
      return nil
    }
    let next = place + 1
    let isPair = bytes[place] == carriageReturn && next < bytes.count && bytes[next] == feed
    return isPair ? next + 1 : next
  }

  /// Where bytes may be sent again; their count when not yet.
  mutating func end(in bytes: [UInt8]) -> Int {
    guard isOpen else { return 0 }
    guard let place = bytes.firstIndex(where: { $0 == Self.feed || $0 == Self.carriageReturn })
    else { return bytes.count }
    isOpen = false
    if bytes[place] == Self.carriageReturn { return hasFeed ? place + 1 : place }
    passFeed()
    return place + 1
  }

  /// A line of which the rest was left out has ended.
  private mutating func passFeed() {
    if isMidLine, !hasFeed {
      owesFeed = true
      // What was sent of it is no state that it ever showed.
      if droppedLines == 0, lastSent != Self.carriageReturn { droppedLines = 1 }
    }
    hasFeed = true
    isCounted = false
  }

  private var isMidLine: Bool { lastSent != Self.feed }

  /// Counts what is left out.
  mutating func drop(_ bytes: ArraySlice<UInt8>) {
    let feeds = Self.feedCount(bytes)
    droppedLines += feeds
    if feeds > 0 {
      if isCounted { droppedLines -= 1 }
      passFeed()
    }
    isOpen = bytes.last != Self.feed
    if isOpen, !isCounted {
      droppedLines += 1
      isCounted = true
    }
  }

  /// What to send for bytes that are kept, and how many lines were left out before.
  mutating func keep(_ bytes: ArraySlice<UInt8>) -> (bytes: ArraySlice<UInt8>, dropped: Int) {
    defer {
      (droppedLines, owesFeed, hasFeed) = (0, false, false)
      lastSent = bytes.last ?? lastSent
      if bytes.contains(Self.feed) { isCounted = false }
    }
    return (owesFeed ? ArraySlice([Self.feed] + bytes) : bytes, droppedLines)
  }

  /// The gap when bytes that were kept since then are left out after all, and so is what was left
  /// out between them (`told`) and behind them (`now`).
  func leavingOut(_ bytes: [UInt8], told: Int, before now: OutputGap) -> OutputGap {
    var gap = self
    gap.droppedLines = 0
    let start = gap.end(in: bytes)
    if start < bytes.count { gap.drop(bytes[start...]) }
    gap.droppedLines += told + now.droppedLines
    gap.isOpen = gap.isOpen || now.isOpen
    return gap
  }

  /// The lines left out since the last byte that was sent, at the end of the stream.
  mutating func takeRest() -> Int {
    defer { droppedLines = 0 }
    let isCut = isOpen && isMidLine && !hasFeed && lastSent != Self.carriageReturn
    return droppedLines == 0 && isCut ? 1 : droppedLines
  }

  /// A flood is mostly left out, and so this is most of the work.
  private static func feedCount(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.withUnsafeBytes { bytes in
      guard var here = bytes.baseAddress else { return 0 }
      let end = here + bytes.count
      var count = 0
      while let newline = memchr(here, Int32(feed), end - here) {
        count += 1
        here = UnsafeRawPointer(newline) + 1
      }
      return count
    }
  }
}
