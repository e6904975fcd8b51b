import Engine
import JobProtocol
import Report
import Runner
import TUI

/// The last lines of output of failed tasks, for the report.
enum OutputTails {
  static let lineLimit = 20
  /// Chunks hold several lines or a piece of one; so many are enough.
  private static let chunkLimit = 64

  /// Of the last attempt of each task; without those of which nothing is kept.
  static func read(
    _ tasks: [FiringID], of run: OpenedRun, state: RunState
  ) throws(Failure) -> [FiringID: OutputTail] {
    var tails: [FiringID: OutputTail] = [:]
    for task in tasks {
      guard let number = state.task(task)?.lastAttempt?.number else { continue }
      let job = run.details.jobID(AttemptID(task, number))
      let chunks = try run.wait { [door = run.door] () throws(RunnerError) in
        try await door.chunks(of: job, newest: chunkLimit)
      }
      tails[task] = tail(chunks)
    }
    return tails
  }

  /// Standard error if there is any, else standard output.
  private static func tail(_ chunks: [LogChunk]) -> OutputTail? {
    for stream in [LogChunk.Stream.standardError, .standardOutput] {
      let lines = lines(of: chunks.filter { $0.stream == stream })
      if !lines.isEmpty {
        return OutputTail(lines: lines, isStandardError: stream == .standardError)
      }
    }
    return nil
  }

  private static func lines(of chunks: [LogChunk]) -> [String] {
    var lines = OutputText.lines(of: chunks)
    while lines.last?.isEmpty == true { lines.removeLast() }
    return Array(lines.suffix(lineLimit))
  }
}
