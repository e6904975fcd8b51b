import JobProtocol
import Posix
import Redis

/// The log of an in-engine function: stored and published like the log of a job, with the same
/// limits.
struct FunctionLog: Sendable {
  let job: String
  private var sequence = 0
  private var lastTime = 0
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
    advanceTime()
    let starts = stride(from: 0, to: bytes.count, by: LogChunk.byteLimit)
    return commands(
      starts.map { start in
        let end = min(start + LogChunk.byteLimit, bytes.count)
        return chunk(stream, Array(bytes[start..<end]), leftOut: start == 0 ? leftOut : 0)
      })
  }

  mutating func end(leftOut: Int = 0) -> [RedisCommand] {
    advanceTime()
    return commands([chunk(.end, [], leftOut: leftOut)])
  }

  /// Chunks that are written together have one time, which never goes back.
  private mutating func advanceTime() { lastTime = max(lastTime, Clock.steadyMilliseconds) }

  private mutating func chunk(
    _ stream: LogChunk.Stream, _ bytes: [UInt8], leftOut: Int
  ) -> LogChunk {
    sequence += 1
    return LogChunk(
      sequence: sequence, stream: stream, time: lastTime, droppedLines: leftOut, bytes: bytes)
  }

  private mutating func commands(_ chunks: [LogChunk]) -> [RedisCommand] {
    guard let last = chunks.last else { return [] }
    let key = RunKeys.log(job: job)
    return chunks.map { chunk in
      let count = budget.keep(bytes: chunk.bytes.count)
      return RedisCommand(
        "XADD", key, "MAXLEN", "~", count, chunk.entryID, "c", chunk.encoded)
    } + [RedisCommand("PUBLISH", key, last.entryID)]
  }
}
