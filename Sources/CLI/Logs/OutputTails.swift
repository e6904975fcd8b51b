import Engine
import JobProtocol
import Report
import Runner
import Runs
import TUI

/// The last output lines of failed tasks, for the report.
enum OutputTails {
  static let lineLimit = 20
  /// How many chunks to read: enough for the lines, because a chunk usually holds several.
  private static let chunkLimit = 64

  /// The last lines of each task's last attempt. Tasks without kept output are left out.
  static func read(
    _ tasks: [FiringID], of run: OpenedRun, state: RunState
  ) throws(Failure) -> [FiringID: OutputTail] {
    var tails: [FiringID: OutputTail] = [:]
    for task in tasks {
      guard let number = state.task(task)?.lastAttempt?.number else { continue }
      let job = run.details.jobID(AttemptID(task, number))
      let chunks = try run.wait { [runWatcher = run.runWatcher] () throws(RunnerError) in
        try await runWatcher.chunks(of: job, newest: chunkLimit)
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
