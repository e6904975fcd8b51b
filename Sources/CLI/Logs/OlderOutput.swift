import JobProtocol
import Posix

/// The output of an attempt that Redis no longer has, read from the executor's files. Long
/// output is cut at its beginning, to limit the screen's memory.
///
/// The files have no times, and their streams are separate. They also have lines that were dropped
/// because they came too fast. So the beginning of the kept output is found by its text.
struct OlderOutput: Equatable {
  /// The older part of one file.
  struct Part: Equatable {
    let stream: LogChunk.Stream
    let path: String
    var range: Range<Int>
  }

  /// A piece of a part, with its sequence number as a chunk.
  struct Segment: Equatable {
    let stream: LogChunk.Stream
    let path: String
    let range: Range<Int>
    let sequence: Int
    /// Whether this is the first piece of its part.
    let isFirst: Bool
  }

  let parts: [Part]

  private static let pieceSize = 64 << 10
  private static let windowSize = 1 << 20
  /// How far before its expected offset the kept output may begin: text may have been left
  /// out.
  private static let searchLimit = 32 << 20
  /// How much of a stream is shown, in bytes.
  static let limit = 16 << 20

  /// - Parameter kept: the first chunks that Redis has.
  /// - Returns: `nil` if nothing is older, or if its end is unknown.
  init?(before kept: [LogChunk], in logs: ExecutorLogs, limit: Int = Self.limit) {
    var parts: [Part] = []
    for stream in [LogChunk.Stream.standardOutput, .standardError] {
      guard let path = logs.path(of: stream),
        let end = try? Self.end(of: stream, in: path, before: kept)
      else { continue }
      let start = (try? Self.start(in: path, before: end, limit: limit)) ?? end
      if start < end { parts.append(Part(stream: stream, path: path, range: start..<end)) }
    }
    guard !parts.isEmpty else { return nil }
    self.parts = parts
  }

  // MARK: Searching the files

  /// The offset at which the kept output begins.
  private static func end(
    of stream: LogChunk.Stream, in path: String, before kept: [LogChunk]
  ) throws(PosixError) -> Int? {
    let chunks = kept.filter { $0.stream == stream && !$0.bytes.isEmpty }
    let file = try Files.openRegular(path)
    let size = Files.size(path) ?? 0
    guard let first = chunks.first else {
      // Without kept output, all of the file is older, unless the job still runs: then the offset
      // is unknown.
      return kept.contains { $0.stream == .end } ? size : nil
    }
    let length = chunks.reduce(0) { $0 + $1.bytes.count }
    var end = size - length + first.bytes.count
    let minimum = max(0, end - searchLimit)
    var finder = BackwardFinder(first.bytes)
    while end > minimum {
      let start = max(minimum, end - windowSize)
      let window = try DescriptorIO.read(file.number, at: start, count: end - start)
      guard window.count == end - start else { return nil }
      if let place = finder.search(window) { return start + place }
      end = start
    }
    return nil
  }

  /// The start of a line, at most `limit` bytes before `end`.
  private static func start(
    in path: String, before end: Int, limit: Int
  ) throws(PosixError) -> Int {
    guard end > limit else { return 0 }
    let file = try Files.openRegular(path)
    let window = try DescriptorIO.read(file.number, at: end - limit, count: windowSize)
    let feed = window.firstIndex(of: 0x0A) ?? -1
    return min(end, end - limit + feed + 1)
  }

  // MARK: Reading the files

  /// In display order, numbered so that the last piece has the number `last`.
  func segments(upTo last: Int) -> [Segment] {
    var size = Self.pieceSize
    let length = parts.map(\.range.count).max() ?? 0
    while size < length, ranges(size).count > last { size *= 2 }
    let ranges = ranges(size).suffix(max(0, last))
    return zip(ranges, (last - ranges.count + 1)...).map { range, sequence in
      Segment(
        stream: range.part.stream, path: range.part.path, range: range.range,
        sequence: sequence, isFirst: range.range.lowerBound == range.part.range.lowerBound)
    }
  }

  private func ranges(_ size: Int) -> [(part: Part, range: Range<Int>)] {
    parts.flatMap { part in
      stride(from: part.range.lowerBound, to: part.range.upperBound, by: size).map {
        (part, $0..<min($0 + size, part.range.upperBound))
      }
    }
  }
}

extension OlderOutput.Segment {
  /// - Parameter time: a nearby time, because files have none.
  func chunk(time: Int) throws(PosixError) -> LogChunk {
    let file = try Files.openRegular(path)
    return LogChunk(
      sequence: sequence, stream: stream, time: time,
      bytes: try DescriptorIO.read(file.number, at: range.lowerBound, count: range.count))
  }

  /// The line shown before the piece.
  var remark: String? {
    guard isFirst else { return nil }
    let folder = Files.name(of: Files.parent(of: path))
    let place = range.lowerBound > 0 ? "the end of " : ""
    return "older, from \(place)\(folder)/\(Files.name(of: path))"
  }
}

/// Finds the last occurrence of some bytes in text that is read backwards, in linear time
/// (Knuth–Morris–Pratt).
struct BackwardFinder {
  /// The bytes to find, reversed.
  private let wanted: [UInt8]
  /// The failure function: how many bytes still match when the next one does not.
  private let fallback: [Int]
  private var fitting = 0

  init(_ bytes: [UInt8]) {
    wanted = bytes.reversed()
    var fallback = Array(repeating: 0, count: wanted.count)
    var length = 0
    for index in wanted.indices.dropFirst() {
      while length > 0, wanted[index] != wanted[length] { length = fallback[length - 1] }
      if wanted[index] == wanted[length] { length += 1 }
      fallback[index] = length
    }
    self.fallback = fallback
  }

  /// Searches the piece before the previous one. Returns the offset of the match in it.
  mutating func search(_ piece: [UInt8]) -> Int? {
    for index in piece.indices.reversed() {
      while fitting > 0, piece[index] != wanted[fitting] { fitting = fallback[fitting - 1] }
      if piece[index] == wanted[fitting] { fitting += 1 }
      if fitting == wanted.count { return index }
    }
    return nil
  }
}
