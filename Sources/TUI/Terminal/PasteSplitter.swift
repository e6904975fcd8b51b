/// Separates pasted from typed text in the bytes of a terminal.
///
/// A terminal that marks pastes sends `ESC [ 200 ~` before and `ESC [ 201 ~` after each.
///
/// | bytes | meaning |
/// |---|---|
/// | between the marks | a paste |
/// | after a start mark, then silence | a paste that was cut |
/// | before an end mark without a start mark | the rest of a paste that was cut |
/// | between an end mark and another one | part of the paste, which contained a mark |
/// | text in one piece, where pastes are not marked (see ``isBurst(_:at:)``) | a paste |
/// | all others | keys |
///
/// Keys are passed on as complete sequences, so the reader need not wait. Times are
/// milliseconds on a monotonic clock.
struct PasteSplitter {
  enum Chunk: Equatable {
    /// Bytes as they came.
    case keys([UInt8])
    case paste(String)
  }

  private enum State: Equatable {
    case keys
    case paste(isMarked: Bool)
    /// After an end mark. The next bytes show whether it was the last one.
    case ended
  }

  private static let start = Array("\u{1B}[200~".utf8)
  private static let end = Array("\u{1B}[201~".utf8)
  private static let escape: UInt8 = 0x1B

  /// How long the rest of a sequence may take. A longer wait after Escape would be noticed.
  static let escapeDelay = 25
  static let sequenceDelay = 100
  /// A marked paste that is silent for this long was cut; an unmarked one ends after a
  /// shorter time.
  static let silence = 1000
  static let burstSilence = 100
  /// How long another end mark may follow an end mark.
  static let endDelay = 30
  /// More bytes after an end mark were not typed.
  private static let typedLimit = 1024
  /// Pastes are cut at this length; fields are shorter.
  private static let keptLimit = 64 << 10
  /// How long after a cut paste its rest may arrive.
  private static let restDelay = 60_000

  /// The least number of characters that count as a paste without marks, and after a cut
  /// paste.
  static let burst = 16
  private static let burstOfRest = 8

  private var marksPastes: Bool
  private var state = State.keys
  /// The beginning of a sequence, or bytes after an end mark.
  private var pending: [UInt8] = []
  private var pasted: [UInt8] = []
  private var deadline: Int?
  /// The beginning of a mark that was passed on as keys because its rest was late.
  private var passedPrefix: [UInt8] = []
  private var passedPrefixAt = 0
  private var restUntil = Int.min

  /// - Parameter marksPastes: whether the terminal is known to mark pastes.
  init(marksPastes: Bool) { self.marksPastes = marksPastes }

  /// When to call ``expire(at:)``; `nil` for never.
  var dueAt: Int? { deadline }

  /// The pieces that these bytes complete.
  mutating func split(_ bytes: [UInt8], at now: Int) -> [Chunk] {
    var chunks: [Chunk] = []
    var rest = bytes
    while !rest.isEmpty {
      switch state {
      case .keys: rest = readKeys(rest, now, &chunks)
      case .paste(let isMarked): rest = readPaste(rest, isMarked: isMarked, now)
      case .ended: rest = readAfterEnd(rest, now, &chunks)
      }
    }
    return chunks
  }

  /// The pieces that are complete because nothing followed.
  mutating func expire(at now: Int) -> [Chunk] {
    guard let deadline, now >= deadline else { return [] }
    self.deadline = nil
    let waiting = pending
    pending = []
    switch state {
    case .keys:
      (passedPrefix, passedPrefixAt) = (Self.start.starts(with: waiting) ? waiting : [], now)
      return waiting.isEmpty ? [] : [.keys(waiting)]
    case .paste(let isMarked):
      keep(waiting)
      restUntil = now + (isMarked ? Self.restDelay : Self.silence)
      return [endPaste()]
    case .ended:
      let paste = endPaste()
      return [paste] + split(waiting, at: now)
    }
  }

  // MARK: Keys

  private mutating func readKeys(
    _ bytes: [UInt8], _ now: Int, _ chunks: inout [Chunk]
  ) -> [UInt8] {
    deadline = nil
    var bytes = pending + bytes
    pending = []
    if let rest = readRestOfMark(bytes, now, &chunks) { return rest }
    if isBurst(bytes, at: now) {
      state = .paste(isMarked: false)
      return bytes
    }
    let first = bytes.place(of: Self.start)
    if let last = bytes.place(of: Self.end), last < first ?? Int.max {
      if last > 0 { chunks.append(.paste(Self.text(Array(bytes[..<last])))) }
      return Array(bytes[(last + Self.end.count)...])
    }
    if let first {
      if first > 0 { chunks.append(.keys(Array(bytes[..<first]))) }
      beginPaste(now)
      return Array(bytes[(first + Self.start.count)...])
    }
    let waiting = Self.incompleteCount(bytes)
    if waiting > 0 {
      pending = Array(bytes.suffix(waiting))
      bytes.removeLast(waiting)
      deadline = now + (pending == [Self.escape] ? Self.escapeDelay : Self.sequenceDelay)
    }
    if !bytes.isEmpty { chunks.append(.keys(bytes)) }
    return []
  }

  /// A mark whose beginning was passed on as keys. `nil` if this is not one.
  private mutating func readRestOfMark(
    _ bytes: [UInt8], _ now: Int, _ chunks: inout [Chunk]
  ) -> [UInt8]? {
    guard !passedPrefix.isEmpty else { return nil }
    let missing = Array(Self.start.dropFirst(passedPrefix.count))
    let before = passedPrefix
    passedPrefix = []
    guard now - passedPrefixAt <= Self.silence else { return nil }
    if bytes.starts(with: missing) {
      beginPaste(now)
      return Array(bytes.dropFirst(missing.count))
    }
    guard missing.starts(with: bytes) else { return nil }
    (passedPrefix, passedPrefixAt) = (before + bytes, now)
    chunks.append(.keys(bytes))
    return []
  }

  /// Whether text that arrived at once is too much to be typed: at least 16 characters, 6 of
  /// them different, text only, on a terminal that does not mark pastes.
  private func isBurst(_ bytes: [UInt8], at now: Int) -> Bool {
    let isRest = now < restUntil
    guard bytes.count >= (isRest ? Self.burstOfRest : Self.burst), isRest || !marksPastes else {
      return false
    }
    let isText = bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || [0x09, 0x0A, 0x0D].contains($0) }
    return isText && Set(bytes).count >= (isRest ? 3 : 6)
  }

  /// How many bytes at the end are an incomplete sequence or letter.
  private static func incompleteCount(_ bytes: [UInt8]) -> Int {
    if let place = bytes.lastIndex(of: escape) {
      let rest = bytes[(place + 1)...]
      return isIncomplete(rest) ? bytes.count - place : 0
    }
    guard let place = bytes.lastIndex(where: { $0 & 0xC0 != 0x80 }), bytes[place] >= 0xC2 else {
      return 0
    }
    let length = bytes[place] >= 0xF0 ? 4 : bytes[place] >= 0xE0 ? 3 : 2
    return bytes.count - place < length ? bytes.count - place : 0
  }

  /// Whether a sequence after an Escape is incomplete: `[A`, `[5~`, `[<0;1;1M`, `[M` and
  /// three bytes, `OA`, `[[A`.
  private static func isIncomplete(_ rest: ArraySlice<UInt8>) -> Bool {
    guard let opener = rest.first else { return true }
    let body = rest.dropFirst()
    switch opener {
    case UInt8(ascii: "O"): return body.isEmpty
    case UInt8(ascii: "["):
      guard let next = body.first else { return true }
      if next == UInt8(ascii: "M") { return body.count < 4 }
      if next == UInt8(ascii: "[") { return body.count < 2 }
      return body.count < 32 && !body.contains { $0 >= 0x40 && $0 <= 0x7E }
    default: return false
    }
  }

  // MARK: Pastes

  private mutating func beginPaste(_ now: Int) {
    marksPastes = true
    state = .paste(isMarked: true)
    deadline = now + Self.silence
  }

  private mutating func readPaste(_ bytes: [UInt8], isMarked: Bool, _ now: Int) -> [UInt8] {
    let bytes = pending + bytes
    pending = []
    if let last = bytes.place(of: Self.end) {
      keep(bytes[..<last])
      state = .ended
      deadline = now + Self.endDelay
      return Array(bytes[(last + Self.end.count)...])
    }
    // The mark may be split.
    let tail = (1..<Self.end.count).last { bytes.suffix($0).elementsEqual(Self.end.prefix($0)) }
    pending = Array(bytes.suffix(tail ?? 0))
    keep(bytes.dropLast(tail ?? 0))
    deadline = now + (isMarked ? Self.silence : Self.burstSilence)
    return []
  }

  private mutating func readAfterEnd(
    _ bytes: [UInt8], _ now: Int, _ chunks: inout [Chunk]
  ) -> [UInt8] {
    let bytes = pending + bytes
    pending = []
    deadline = now + Self.endDelay
    let first = bytes.place(of: Self.start)
    if let last = bytes.place(of: Self.end), last < first ?? Int.max {
      keep(bytes[..<last])
      return Array(bytes[(last + Self.end.count)...])
    }
    if let first {
      chunks.append(endPaste())
      if first > 0 { chunks.append(.keys(Array(bytes[..<first]))) }
      return Array(bytes[first...])
    }
    if bytes.count > Self.typedLimit {
      state = .paste(isMarked: true)
      return bytes
    }
    pending = bytes
    return []
  }

  private mutating func keep(_ bytes: some Collection<UInt8>) {
    pasted += bytes.prefix(max(0, Self.keptLimit - pasted.count))
  }

  private mutating func endPaste() -> Chunk {
    defer { pasted = [] }
    state = .keys
    deadline = nil
    return .paste(Self.text(pasted))
  }

  /// Pasted bytes as text for a field: a space for each line break and tab, without escape
  /// sequences and other control characters.
  private static func text(_ bytes: [UInt8]) -> String {
    var parser = EscapeParser()
    var text = String.UnicodeScalarView()
    var wasReturn = false
    for byte in bytes {
      parser.feed(byte) { event in
        switch event {
        case .text(let scalar): text.append(scalar)
        case .lineFeed where wasReturn: break
        case .lineFeed, .carriageReturn, .tab: text.append(" ")
        case .backspace, .style: break
        }
        wasReturn = event == .carriageReturn
      }
    }
    return String(text)
  }
}

extension [UInt8] {
  /// The index of a byte sequence.
  fileprivate func place(of part: [UInt8]) -> Int? {
    guard count >= part.count else { return nil }
    return (0...(count - part.count)).first {
      self[$0] == part[0] && self[$0...].starts(with: part)
    }
  }
}
