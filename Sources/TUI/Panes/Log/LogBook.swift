internal import Engine
internal import JobProtocol

/// The output of one attempt, or of several merged in order of arrival. Memory is bounded;
/// missing output is counted.
struct LogBook {
  /// Text and its style data.
  static let byteLimit = 64 << 20

  /// An attempt whose output is incomplete.
  private struct OpenAttempt {
    var order = ChunkOrder()
    var lastTime = 0
    var parsers = [LogLineParser(), LogLineParser()]
    /// For standard output and standard error: whether the rest of a rejected line is still
    /// arriving.
    var isRefusing = [false, false]
  }

  private(set) var store = LogStore()
  private(set) var styles = StyleTable()
  /// The attempts, in the order of their first output; rows refer to them by index.
  private(set) var sources: [AttemptID] = []
  private var numbers: [AttemptID: Int] = [:]
  private var open: [Int: OpenAttempt] = [:]
  private var complete: Set<Int> = []
  /// Lines that executors dropped because they came too fast.
  private(set) var droppedLines = 0
  /// Chunks that Redis no longer had.
  private(set) var missingChunks = 0
  /// Lines that were rejected because lines that are being read would have been discarded.
  private(set) var refusedLines = 0
  private(set) var usage: [AttemptID: [LogSample]] = [:]

  /// Whether several outputs are merged, so that the end of each is marked.
  let isMerged: Bool
  private let byteLimit: Int
  private static let sampleLimit = 2048

  init(isMerged: Bool = false, byteLimit: Int = Self.byteLimit) {
    self.isMerged = isMerged
    self.byteLimit = byteLimit
  }

  /// `pinned`: the number of a line that must stay because the user reads there.
  mutating func receive(_ update: LogUpdate, pinned: Int? = nil) {
    let source = number(of: update.attempt)
    guard !complete.contains(source), var order = open[source]?.order else { return }
    let isFirst = order.lastSequence == 0
    let pieces = order.receive(update.chunks)
    open[source]?.order = order
    guard let first = pieces.first else { return }
    if isFirst, update.isTruncated { addMissing(max(1, first.missing), to: source, first.chunk) }
    if let remark = update.remark {
      store.append(.remark, source: source, time: first.chunk.time, text: remark)
    }
    let origin: KeptLine.Traits = update.isUntimed ? .isUntimed : []
    for (index, piece) in pieces.enumerated() {
      if piece.missing > 0, !isFirst || index > 0 {
        for stream in 0...1 { cut(stream, of: source, at: piece.chunk.time) }
        addMissing(piece.missing, to: source, piece.chunk)
      }
      receive(piece.chunk, of: source, pinned, origin)
    }
  }

  func isComplete(_ attempt: AttemptID) -> Bool {
    numbers[attempt].map(complete.contains) ?? false
  }

  private mutating func number(of attempt: AttemptID) -> Int {
    if let number = numbers[attempt] { return number }
    numbers[attempt] = sources.count
    sources.append(attempt)
    open[sources.count - 1] = OpenAttempt()
    return sources.count - 1
  }

  // MARK: Chunks

  private mutating func addMissing(_ count: Int, to source: Int, _ next: LogChunk) {
    missingChunks += count
    store.append(.missing, source: source, time: next.time, count: count)
  }

  private mutating func receive(
    _ chunk: LogChunk, of source: Int, _ pinned: Int?, _ origin: KeptLine.Traits
  ) {
    open[source]?.lastTime = chunk.time
    var chunk = chunk
    if chunk.droppedLines > 0 {
      droppedLines += chunk.droppedLines
      let stream = chunk.stream == .standardError ? 1 : 0
      let wasCut = cut(stream, of: source, at: chunk.time)
      // A line feed at the beginning ends the line that was cut.
      if wasCut, chunk.bytes.first == 0x0A { chunk.bytes.removeFirst() }
      store.append(.dropped, source: source, time: chunk.time, count: chunk.droppedLines)
    }
    switch chunk.stream {
    case .standardOutput: feed(chunk, 0, source, pinned, origin)
    case .standardError: feed(chunk, 1, source, pinned, origin)
    case .usage: remember(chunk, of: sources[source])
    case .end: finish(source, at: chunk.time)
    }
  }

  private mutating func feed(
    _ chunk: LogChunk, _ stream: Int, _ source: Int, _ pinned: Int?, _ origin: KeptLine.Traits
  ) {
    guard mayGrow(pinned) else {
      refusedLines += chunk.bytes.count { $0 == 0x0A }
      cut(stream, of: source, at: chunk.time)
      open[source]?.isRefusing[stream] = chunk.bytes.last != 0x0A
      return
    }
    var bytes = chunk.bytes
    if open[source]?.isRefusing[stream] == true {
      guard let end = bytes.firstIndex(of: 0x0A) else { return }
      bytes.removeFirst(end + 1)
      open[source]?.isRefusing[stream] = false
    }
    // Moved out of the dictionary, so that it is not copied by the change.
    guard var state = open.removeValue(forKey: source) else { return }
    let kind = stream == 0 ? LogStore.Kind.output : .error
    state.parsers[stream].feed(bytes, &styles) { bytes, traits in
      store.append(kind, source: source, time: chunk.time, bytes, traits.union(origin))
    }
    open[source] = state
    store.shrink(to: byteLimit, keeping: pinned)
  }

  /// Ends a line before a gap. Returns whether a line was cut.
  @discardableResult
  private mutating func cut(_ stream: Int, of source: Int, at time: Int) -> Bool {
    guard var state = open.removeValue(forKey: source) else { return false }
    let kind = stream == 0 ? LogStore.Kind.output : .error
    let hadLine = state.parsers[stream].cut { bytes, traits in
      store.append(kind, source: source, time: time, bytes, traits)
    }
    open[source] = state
    return hadLine
  }

  /// Whether another chunk may be added: the store is not full, or the user is not reading its
  /// oldest lines.
  private func mayGrow(_ pinned: Int?) -> Bool {
    guard let pinned, store.byteCount >= byteLimit else { return true }
    return pinned >= store.first + LogStore.blockLines
  }

  /// Completes lines without a line feed.
  private mutating func finish(_ source: Int, at time: Int) {
    guard var state = open.removeValue(forKey: source) else { return }
    complete.insert(source)
    for (stream, kind) in [LogStore.Kind.output, .error].enumerated() {
      state.parsers[stream].finish { bytes, traits in
        store.append(kind, source: source, time: time, bytes, traits)
      }
    }
    if isMerged { store.append(.ended, source: source, time: time, count: 0) }
  }

  private mutating func remember(_ chunk: LogChunk, of attempt: AttemptID) {
    guard let sample = UsageSample(encoded: chunk.bytes) else { return }
    usage[attempt, default: []].append(LogSample(time: chunk.time, usage: sample))
    if usage[attempt]?.count ?? 0 > Self.sampleLimit { usage[attempt]?.removeFirst(64) }
  }

  // MARK: Unfinished lines

  /// A line without an end so far: a progress bar, a prompt.
  struct Unfinished: Equatable {
    let source: Int
    let time: Int
    let isError: Bool
    let line: KeptLine
  }

  /// The latest unfinished lines.
  func unfinished(limit: Int = 4) -> [Unfinished] {
    let all = open.flatMap { source, state in
      state.parsers.enumerated().compactMap { stream, parser in
        parser.line.isEmpty
          ? nil
          : Unfinished(
            source: source, time: state.lastTime, isError: stream == 1, line: parser.line)
      }
    }
    let ordered = all.sorted {
      ($0.time, $0.source, $0.isError ? 1 : 0) < ($1.time, $1.source, $1.isError ? 1 : 0)
    }
    return ordered.suffix(limit)
  }

  /// The last line of an attempt that is not empty.
  func lastText(of attempt: AttemptID) -> String? {
    guard let source = numbers[attempt] else { return nil }
    for parser in open[source]?.parsers.reversed() ?? [] {
      if let text = Self.text(parser.line.bytes) { return text }
    }
    for number in (max(store.first, store.end - 20)..<store.end).reversed() {
      guard let row = store[number], row.source == source, row.kind == .output || row.kind == .error
      else { continue }
      if let text = Self.text(row.bytes) { return text }
    }
    return nil
  }

  private static func text(_ bytes: [UInt8]) -> String? {
    let text = String(decoding: StyleTable.plain(bytes), as: UTF8.self)
    return text.allSatisfy(\.isWhitespace) ? nil : text
  }
}

/// Resource use of a job at a time, in milliseconds since 1970.
struct LogSample: Equatable {
  let time: Int
  let usage: UsageSample
}
