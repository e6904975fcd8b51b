import Glibc

/// A gap in one stream of a job's output, and the number of lines in it.
///
/// | the sent part ends | the gap ends | sent after it |
/// |---|---|---|
/// | with a line | after a line feed | the next line |
/// | within a line | after a line feed | a line feed, then the next line |
/// | within a line | at a carriage return in the same line | the carriage return |
/// | anywhere | at a carriage return in another line | as after a line feed |
struct OutputGap {
  private static let feed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// Dropped lines that were not reported yet. A partly dropped line counts once.
  private var droppedLines = 0
  /// Whether the rest of the current line is being dropped.
  private var isOpen = false
  /// Whether the current or last cut line was counted.
  private var isCounted = false
  /// Whether a line feed was dropped since the last sent byte.
  private var hasFeed = false
  /// The last sent byte; a line feed before the first.
  private var lastSent = OutputGap.feed
  /// Whether the line feed that ends the last sent line must still be sent.
  private var owesFeed = false

  /// The position after the last line feed or carriage return in a range, so that lines and
  /// progress states stay complete; `nil` if there is none.
  static func lastBoundary(in bytes: ArraySlice<UInt8>, _ range: Range<Int>) -> Int? {
    guard let place = bytes[range].lastIndex(where: { $0 == feed || $0 == carriageReturn }) else {
      return nil
    }
    let next = place + 1
    let isPair = bytes[place] == carriageReturn && next < bytes.endIndex && bytes[next] == feed
    return isPair ? next + 1 : next
  }

  /// The index at which sending may continue; the byte count if nowhere.
  mutating func end(in bytes: [UInt8]) -> Int {
    guard isOpen else { return 0 }
    guard let place = bytes.firstIndex(where: { $0 == Self.feed || $0 == Self.carriageReturn })
    else { return bytes.count }
    isOpen = false
    if bytes[place] == Self.carriageReturn { return hasFeed ? place + 1 : place }
    passFeed()
    return place + 1
  }

  /// Handles the line feed of a line whose rest was dropped.
  private mutating func passFeed() {
    if isMidLine, !hasFeed {
      owesFeed = true
      // The sent part is incomplete, so the line counts as dropped.
      if droppedLines == 0, lastSent != Self.carriageReturn { droppedLines = 1 }
    }
    hasFeed = true
    isCounted = false
  }

  private var isMidLine: Bool { lastSent != Self.feed }

  /// Counts dropped bytes.
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

  /// The bytes to send, and how many lines were dropped before them.
  mutating func keep(_ bytes: ArraySlice<UInt8>) -> (bytes: ArraySlice<UInt8>, dropped: Int) {
    defer {
      (droppedLines, owesFeed, hasFeed) = (0, false, false)
      lastSent = bytes.last ?? lastSent
      if bytes.contains(Self.feed) { isCounted = false }
    }
    return (owesFeed ? ArraySlice([Self.feed] + bytes) : bytes, droppedLines)
  }

  /// The gap if bytes that were kept are dropped after all, together with what was dropped
  /// between them (`between`) and after them (`now`).
  func leavingOut(_ bytes: [UInt8], between: Int, before now: OutputGap) -> OutputGap {
    var gap = self
    gap.droppedLines = 0
    let start = gap.end(in: bytes)
    if start < bytes.count { gap.drop(bytes[start...]) }
    gap.droppedLines += between + now.droppedLines
    gap.isOpen = gap.isOpen || now.isOpen
    return gap
  }

  /// The lines dropped since the last sent byte, at the end of the stream.
  mutating func takeRest() -> Int {
    defer { droppedLines = 0 }
    let isCut = isOpen && isMidLine && !hasFeed && lastSent != Self.carriageReturn
    return droppedLines == 0 && isCut ? 1 : droppedLines
  }

  /// Counts line feeds. If a job writes too much, most output is dropped, so this function must be
  /// fast.
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
