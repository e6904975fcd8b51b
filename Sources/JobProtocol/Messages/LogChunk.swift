/// A piece of a job's output: the field `c` of an entry of the log stream.
///
/// `<sequence> <stream> <milliseconds since 1970> <dropped lines>\n<raw bytes>`. Sequence
/// numbers count from 1 for each attempt without a gap, so a gap is output that is not kept.
public struct LogChunk: Sendable, Equatable {
  public enum Stream: UInt8, Sendable {
    case standardOutput = 1
    case standardError = 2
    /// No bytes: the end of the attempt's output.
    case end = 0
    /// A `UsageSample` instead of output.
    case usage = 3
  }

  /// The largest number of bytes in a chunk.
  public static let byteLimit = 32 * 1024

  public var sequence: Int
  public var stream: Stream
  public var time: Int
  /// Lines dropped before this chunk because they came too fast.
  public var droppedLines: Int
  public var bytes: [UInt8]

  public init(sequence: Int, stream: Stream, time: Int, droppedLines: Int = 0, bytes: [UInt8]) {
    self.sequence = sequence
    self.stream = stream
    self.time = time
    self.droppedLines = droppedLines
    self.bytes = bytes
  }

  /// The id of the chunk's entry; the log's channel carries it, too. It is derived from the chunk,
  /// so a server refuses a chunk that is sent a second time.
  public var entryID: String { "\(time)-\(sequence)" }

  /// How a server refuses an entry that the stream has already.
  public static func isRepetition(refusal: String) -> Bool {
    refusal.contains("equal or smaller than the target stream top item")
  }

  public var encoded: [UInt8] {
    Array("\(sequence) \(stream.rawValue) \(time) \(droppedLines)\n".utf8) + bytes
  }

  public init?(encoded: [UInt8]) {
    guard let newline = encoded.prefix(80).firstIndex(of: 0x0A) else { return nil }
    let header = encoded[..<newline].split(separator: 0x20)
      .compactMap { Int(String(decoding: $0, as: UTF8.self)) }
    guard header.count == 4, let number = UInt8(exactly: header[1]),
      let stream = Stream(rawValue: number)
    else { return nil }
    self.init(
      sequence: header[0], stream: stream, time: header[2], droppedLines: header[3],
      bytes: Array(encoded[(newline + 1)...]))
  }
}

/// The resources used by a job's process tree: the bytes of a log chunk of the stream `usage`,
/// `<resident kB> <CPU ms>`.
public struct UsageSample: Sendable, Equatable {
  /// Resident memory of all processes of the job. Shared memory counts once for each process.
  public var residentKilobytes: Int
  /// User and system time since the start, of ended and waited-for processes too.
  public var cpuMilliseconds: Int

  public init(residentKilobytes: Int, cpuMilliseconds: Int) {
    self.residentKilobytes = residentKilobytes
    self.cpuMilliseconds = cpuMilliseconds
  }

  public var encoded: [UInt8] { Array("\(residentKilobytes) \(cpuMilliseconds)".utf8) }

  /// Returns `nil` if the bytes are no sample.
  public init?(encoded: [UInt8]) {
    let numbers = String(decoding: encoded.prefix(48), as: UTF8.self).split(separator: " ")
      .map { Int($0) }
    guard numbers.count == 2, let resident = numbers[0], let cpu = numbers[1], resident >= 0,
      cpu >= 0
    else { return nil }
    self.init(residentKilobytes: resident, cpuMilliseconds: cpu)
  }
}
