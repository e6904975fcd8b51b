import Glibc
import JobProtocol

/// What of a job's output is published live: gathers bytes into chunks by size and time, bounds the
/// rate, and counts the lines it leaves out. Files get everything; this is for those who watch.
///
/// Memory stays below `bufferLimit` plus one read, whatever a job writes and however long nobody
/// takes the chunks. Bytes are left out up to the end of a line, so that what follows a gap begins
/// with a new line. Times are milliseconds on a clock that never jumps.
struct OutputPump {
  static let chunkSize = LogChunk.byteLimit
  static let bufferLimit = 64 * 1024
  static let interval = 50
  /// Bytes a second, and what may come at once.
  static let rate = 2 * 1024 * 1024
  static let burst = 2 * 1024 * 1024
  /// Changes between the streams that are kept in order within one interval.
  private static let segmentLimit = 16

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
  /// Lines left out since the last segment, and the streams in the middle of a line left out.
  private var droppedLines = 0
  private var cutStreams: [LogChunk.Stream] = []

  /// When `flush` is due; `nil` when there is nothing to send.
  var dueAt: Int? {
    if segments.isEmpty { return nil }
    let full = bufferedBytes >= OutputPump.chunkSize || segments.count >= OutputPump.segmentLimit
    return full ? 0 : lastFlush + OutputPump.interval
  }

  mutating func add(_ bytes: [UInt8], from stream: LogChunk.Stream, now: Int) {
    refill(now)
    var start = 0
    if cutStreams.contains(stream) { start = endOfCutLine(bytes, stream) }
    if start == bytes.count { return }
    let room = min(allowance, OutputPump.bufferLimit - bufferedBytes)
    let end = min(bytes.count, start + max(0, room))
    if start < end { keep(bytes[start..<end], from: stream) }
    if end < bytes.count { drop(bytes[end...], from: stream) }
  }

  /// A sample of the job's usage goes into the same order as its output; it costs no allowance.
  mutating func add(_ sample: UsageSample) {
    segments.append(
      Segment(stream: .usage, bytes: sample.encoded, droppedLines: droppedLines))
    droppedLines = 0
  }

  /// The gathered chunks; `time` (since 1970) is written into them.
  mutating func flush(now: Int, time: Int) -> [LogChunk] {
    lastFlush = now
    let chunks = segments.flatMap { pieces(of: $0, time: time) }
    segments.removeAll(keepingCapacity: true)
    bufferedBytes = 0
    return chunks
  }

  /// The rest and the mark of the end; nothing when the job never said anything.
  mutating func end(now: Int, time: Int) -> [LogChunk] {
    var chunks = flush(now: now, time: time)
    guard sequence > 0 || droppedLines > 0 else { return [] }
    sequence += 1
    chunks.append(
      LogChunk(
        sequence: sequence, stream: .end, time: time, droppedLines: droppedLines, bytes: []))
    return chunks
  }

  /// Leaves out what is gathered, and counts its lines.
  mutating func leaveOut() {
    for segment in segments {
      droppedLines += segment.droppedLines
      if segment.stream != .usage { drop(segment.bytes[...], from: segment.stream) }
    }
    segments.removeAll(keepingCapacity: true)
    bufferedBytes = 0
  }

  private mutating func keep(_ bytes: ArraySlice<UInt8>, from stream: LogChunk.Stream) {
    allowance -= bytes.count
    bufferedBytes += bytes.count
    if let last = segments.last, last.stream == stream, droppedLines == 0 {
      segments[segments.count - 1].bytes += bytes
    } else {
      segments.append(
        Segment(stream: stream, bytes: Array(bytes), droppedLines: droppedLines))
      droppedLines = 0
    }
  }

  /// Counts what is left out. A line that is cut counts as one.
  private mutating func drop(_ bytes: ArraySlice<UInt8>, from stream: LogChunk.Stream) {
    droppedLines += Self.newlineCount(bytes)
    if bytes.last != UInt8(ascii: "\n") {
      cutStreams.append(stream)
      droppedLines += 1
    }
  }

  /// A flood is mostly left out, and so this is most of the work.
  private static func newlineCount(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.withUnsafeBytes { bytes in
      guard var here = bytes.baseAddress else { return 0 }
      let end = here + bytes.count
      var count = 0
      while let newline = memchr(here, Int32(UInt8(ascii: "\n")), end - here) {
        count += 1
        here = UnsafeRawPointer(newline) + 1
      }
      return count
    }
  }

  /// Where the rest of a line ends whose beginning was left out (it is counted already).
  private mutating func endOfCutLine(_ bytes: [UInt8], _ stream: LogChunk.Stream) -> Int {
    guard let newline = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return bytes.count }
    cutStreams.removeAll { $0 == stream }
    return newline + 1
  }

  private mutating func pieces(of segment: Segment, time: Int) -> [LogChunk] {
    stride(from: 0, to: segment.bytes.count, by: OutputPump.chunkSize).map { start in
      sequence += 1
      let end = min(start + OutputPump.chunkSize, segment.bytes.count)
      return LogChunk(
        sequence: sequence, stream: segment.stream, time: time,
        droppedLines: start == 0 ? segment.droppedLines : 0,
        bytes: Array(segment.bytes[start..<end]))
    }
  }

  private mutating func refill(_ now: Int) {
    let gained = (now - allowanceTime) * (OutputPump.rate / 1000)
    guard gained > 0 else { return }
    allowance = min(OutputPump.burst, allowance + gained)
    allowanceTime = now
  }
}
