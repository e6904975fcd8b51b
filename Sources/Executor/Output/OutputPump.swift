import HumanText
import JobProtocol

/// The live output of a job: gathers bytes into chunks by size and time, limits the rate, and
/// counts dropped lines. Files get everything; this is for watchers.
///
/// Memory stays below `bufferLimit` plus two reads of each stream, even if a job writes without end
/// and Redis accepts no chunks. Times are milliseconds on a monotonic clock.
///
/// Output beyond the limits is deferred: it is sent when the limits permit, and dropped when the
/// stream writes again before that. So the last lines before a pause, and before the end, are
/// always sent.
///
/// The sent text is what the stream wrote, without gaps between pieces of one line: if a line
/// was cut, its line feed is the first byte after the gap. A carriage return, which restarts a
/// line, also ends a gap.
struct OutputPump {
  static let chunkSize = LogChunk.byteLimit
  static let bufferLimit = 64 * 1024
  static let interval = 50
  /// Bytes per second, and the burst.
  static let rate = 2 * 1024 * 1024
  static let burst = 2 * 1024 * 1024
  /// The number of stream changes that are kept in order within an interval.
  private static let segmentLimit = 16
  private static let streams = [LogChunk.Stream.standardOutput, .standardError]

  private struct Segment {
    var stream: LogChunk.Stream
    var bytes: [UInt8]
    var droppedLines: Int
  }

  private var segments: [Segment] = []
  private var bufferedBytes = 0
  private var allowance = OutputPump.burst
  private var allowanceTime = 0
  private var lastFlush = -OutputPump.interval
  private var sequence = 0
  /// The time of the latest chunk: times never go back, because entries are stored under them.
  private var lastTime = 0
  private var outputGap = OutputGap()
  private var errorGap = OutputGap()
  private var deferredOutput: ArraySlice<UInt8> = []
  private var deferredError: ArraySlice<UInt8> = []
  /// The values at the last flush.
  private var flushedOutputGap = OutputGap()
  private var flushedErrorGap = OutputGap()

  /// When `flush` is due; `nil` if nothing is to be sent.
  var dueAt: Int? {
    if segments.isEmpty, deferredOutput.isEmpty, deferredError.isEmpty { return nil }
    let full = bufferedBytes >= OutputPump.chunkSize || segments.count >= OutputPump.segmentLimit
    return full ? 0 : lastFlush + OutputPump.interval
  }

  mutating func add(_ bytes: [UInt8], from stream: LogChunk.Stream, now: Int) {
    dropDeferred(of: stream)
    refill(now)
    keepWithinLimits(bytes[self[gapOf: stream].end(in: bytes)...], from: stream)
  }

  private mutating func keepWithinLimits(_ bytes: ArraySlice<UInt8>, from stream: LogChunk.Stream) {
    let available = max(0, min(allowance, OutputPump.bufferLimit - bufferedBytes))
    var end = min(bytes.endIndex, bytes.startIndex + available)
    if end < bytes.endIndex {
      end = OutputGap.lastBoundary(in: bytes, bytes.startIndex..<end) ?? end
    }
    if bytes.startIndex < end { keep(bytes[..<end], from: stream) }
    self[deferredOf: stream] = bytes[end...]
  }

  private mutating func takeDeferred(of stream: LogChunk.Stream) -> ArraySlice<UInt8> {
    defer { self[deferredOf: stream] = [] }
    return self[deferredOf: stream]
  }

  private mutating func dropDeferred(of stream: LogChunk.Stream) {
    let bytes = takeDeferred(of: stream)
    if !bytes.isEmpty { self[gapOf: stream].drop(bytes) }
  }

  private subscript(deferredOf stream: LogChunk.Stream) -> ArraySlice<UInt8> {
    get { stream == .standardError ? deferredError : deferredOutput }
    set {
      if stream == .standardError { deferredError = newValue } else { deferredOutput = newValue }
    }
  }

  private subscript(gapOf stream: LogChunk.Stream) -> OutputGap {
    get { stream == .standardError ? errorGap : outputGap }
    set { if stream == .standardError { errorGap = newValue } else { outputGap = newValue } }
  }

  /// Adds a usage sample in the order of the output; it does not count towards the rate.
  mutating func add(_ sample: UsageSample) {
    segments.append(Segment(stream: .usage, bytes: sample.encoded, droppedLines: 0))
  }

  /// The gathered chunks with their time in milliseconds since 1970.
  mutating func flush(now: Int, time: Int) -> [LogChunk] {
    lastFlush = now
    refill(now)
    for stream in OutputPump.streams { keepWithinLimits(takeDeferred(of: stream), from: stream) }
    let time = notBefore(time)
    let chunks = segments.flatMap { pieces(of: $0, time: time) }
    segments.removeAll(keepingCapacity: true)
    bufferedBytes = 0
    (flushedOutputGap, flushedErrorGap) = (outputGap, errorGap)
    return chunks
  }

  private mutating func notBefore(_ time: Int) -> Int {
    lastTime = max(lastTime, time)
    return lastTime
  }

  /// The rest and the end mark; empty if the job has printed nothing.
  mutating func end(now: Int, time: Int) -> [LogChunk] {
    for stream in OutputPump.streams {
      let rest = takeDeferred(of: stream)
      if !rest.isEmpty { keep(rest, from: stream) }
    }
    var chunks = flush(now: now, time: time)
    let time = notBefore(time)
    for stream in OutputPump.streams {
      let count = self[gapOf: stream].takeRest()
      guard count > 0 else { continue }
      sequence += 1
      chunks.append(
        LogChunk(sequence: sequence, stream: stream, time: time, droppedLines: count, bytes: []))
    }
    guard sequence > 0 else { return [] }
    sequence += 1
    chunks.append(LogChunk(sequence: sequence, stream: .end, time: time, bytes: []))
    return chunks
  }

  /// Drops the gathered bytes, and counts their lines.
  mutating func dropGathered() {
    for stream in OutputPump.streams {
      let left = segments.filter { $0.stream == stream }
      if !left.isEmpty {
        let flushed = stream == .standardError ? flushedErrorGap : flushedOutputGap
        self[gapOf: stream] = flushed.leavingOut(
          left.flatMap(\.bytes), between: left.reduce(0) { $0 + $1.droppedLines },
          before: self[gapOf: stream])
      }
      dropDeferred(of: stream)
    }
    segments.removeAll(keepingCapacity: true)
    bufferedBytes = 0
  }

  private mutating func keep(_ bytes: ArraySlice<UInt8>, from stream: LogChunk.Stream) {
    allowance -= bytes.count
    bufferedBytes += bytes.count
    let (text, droppedLines) = self[gapOf: stream].keep(bytes)
    if let last = segments.last, last.stream == stream, droppedLines == 0 {
      segments[segments.count - 1].bytes += text
    } else {
      segments.append(Segment(stream: stream, bytes: Array(text), droppedLines: droppedLines))
    }
  }

  /// The chunks of a segment, which end with a line if possible.
  private mutating func pieces(of segment: Segment, time: Int) -> [LogChunk] {
    var chunks: [LogChunk] = []
    var start = 0
    while start < segment.bytes.count {
      var end = min(start + OutputPump.chunkSize, segment.bytes.count)
      if end < segment.bytes.count {
        end = OutputGap.lastBoundary(in: segment.bytes[...], start..<end) ?? end
      }
      sequence += 1
      chunks.append(
        LogChunk(
          sequence: sequence, stream: segment.stream, time: time,
          droppedLines: start == 0 ? segment.droppedLines : 0,
          bytes: Array(segment.bytes[start..<end])))
      start = end
    }
    return chunks
  }

  private mutating func refill(_ now: Int) {
    let gained = (now - allowanceTime) * (OutputPump.rate / 1000)
    guard gained > 0 else { return }
    allowance = min(OutputPump.burst, allowance + gained)
    allowanceTime = now
  }
}

/// The end of a stream, enough for its last lines.
struct StreamEnd {
  private static let byteLimit = 8192
  private static let lineLimit = 200
  private var bytes: [UInt8] = []
  /// Whether the first of the lines lacks its beginning.
  private var isCut = false

  mutating func add(_ more: [UInt8]) {
    bytes += more[max(0, more.count - 2 * Self.byteLimit)...]
    // Trimmed at twice the limit, so that not every read moves all bytes.
    guard bytes.count > 2 * Self.byteLimit else { return }
    bytes.removeFirst(bytes.count - Self.byteLimit)
    isCut = true
  }

  /// The last line that is not blank; of a progress bar, its last state. Bytes that are not
  /// UTF-8 are repaired.
  var lastLine: String? { lines.last { $0.contains { $0 > UInt8(ascii: " ") } }.map(Self.text) }

  /// The line that explains a failure, see ``ErrorLine``.
  var explainingLine: String? {
    let lines = lines.map(Self.text)
    return ErrorLine.explaining(isCut ? lines.dropFirst() : lines[...]) ?? lastLine
  }

  private var lines: [ArraySlice<UInt8>] {
    bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
  }

  private static func text(_ line: ArraySlice<UInt8>) -> String {
    String(String(decoding: line, as: UTF8.self).prefix(lineLimit))
  }
}
