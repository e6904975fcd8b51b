import JobProtocol
import Posix
import Redis

/// The log of an in-engine function: stored and published like the log of a job, with the same
/// limits.
struct FunctionLog: Sendable {
  let job: String
  private var sequence = 0
  private var budget = LogBudget()

  init(job: String) { self.job = job }

  /// The commands for the whole log of a function that has ended.
  static func commands(job: String, lines: [String]) -> [RedisCommand] {
    var log = FunctionLog(job: job)
    return log.add(lines.map { $0 + "\n" }.joined(), from: .standardOutput) + log.end()
  }

  /// - Parameter leftOut: How many lines were left out before this text.
  mutating func add(
    _ text: String, from stream: LogChunk.Stream, leftOut: Int = 0
  ) -> [RedisCommand] {
    let bytes = Array(text.utf8)
    return stride(from: 0, to: bytes.count, by: LogChunk.byteLimit).flatMap { start in
      let end = min(start + LogChunk.byteLimit, bytes.count)
      return commands(stream, Array(bytes[start..<end]), leftOut: start == 0 ? leftOut : 0)
    }
  }

  mutating func end(leftOut: Int = 0) -> [RedisCommand] { commands(.end, [], leftOut: leftOut) }

  private mutating func commands(
    _ stream: LogChunk.Stream, _ bytes: [UInt8], leftOut: Int
  ) -> [RedisCommand] {
    sequence += 1
    let count = budget.keep(bytes: bytes.count)
    let key = RunKeys.log(job: job)
    let chunk = LogChunk(
      sequence: sequence, stream: stream, time: Clock.steadyMilliseconds, droppedLines: leftOut,
      bytes: bytes
    ).encoded
    return [
      RedisCommand("XADD", key, "MAXLEN", "~", count, "*", "c", chunk),
      RedisCommand("PUBLISH", key, chunk),
    ]
  }
}
