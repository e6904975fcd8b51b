import Engine
import HumanText
import JobProtocol
import Posix
import Redis
import Runner
import Runs
import Synchronization
import Workflow

/// Prints the output of one attempt: from the executor's files if Redis has lost some of it and
/// this host has the files, else from Redis. Can follow new output.
struct LogPrinter: Sendable {
  let opened: OpenedRun
  let attempt: AttemptID
  let errorsOnly: Bool
  private let directory: String
  private let logDirectory: String?

  private var job: JobID { opened.details.jobID(attempt) }
  private var logs: ExecutorLogs {
    ExecutorLogs(of: job, directory: directory, chosen: logDirectory)
  }

  init(_ opened: OpenedRun, _ attempt: AttemptID, info: RunInfo?, errorsOnly: Bool) {
    self.opened = opened
    self.attempt = attempt
    directory = info?.directory ?? "."
    logDirectory = info?.logDirectory
    self.errorsOnly = errorsOnly
  }

  /// Prints the output so far. Returns whether there was any.
  func print() throws(Failure) -> Bool {
    let (runWatcher, job) = (opened.runWatcher, job)
    let chunks = try opened.wait { () throws(RunnerError) in try await runWatcher.chunks(of: job) }
    var output = LogOutput(errorsOnly: errorsOnly)
    if isWhole(chunks) {
      for chunk in chunks { output.write(chunk) }
    } else if !printFiles(&output) {
      printMissing(chunks, output)
      for chunk in chunks { output.write(chunk) }
    }
    output.finish()
    return !output.isEmpty
  }

  /// Prints the output until the attempt ends. Returns whether there was any.
  func follow(until isOver: @escaping @Sendable () async -> Void) throws(Failure) -> Bool {
    let output = SharedOutput(LogOutput(errorsOnly: errorsOnly))
    let feed = LogFeed(opened.details, url: opened.runWatcher.url)
    feed.follow(.attempts([attempt]))
    try opened.wait { () throws(RunnerError) in
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          await feed.run(untilEnd: true) { update in
            output.value.withLock { show(update, on: &$0) }
          } onError: { error in
            output.value.withLock { $0.output.note("\(error)") }
          }
        }
        group.addTask { await isOver() }
        await group.next()
        group.cancelAll()
      }
    }
    return output.value.withLock {
      $0.output.finish()
      return !$0.output.isEmpty
    }
  }

  private func show(_ update: LogUpdate, on shown: inout SharedOutput.Value) {
    for piece in shown.order.receive(update.chunks) {
      if piece.missing > 0 {
        let place = logs.standardOutput ?? logs.standardError
        let count = Formats.counted(piece.missing, "piece was", "pieces were")
        shown.output.reportGap(
          "\(count) removed from Redis; "
            + (place.map { "complete output: \($0)" } ?? "the executor's host has all in logs-hf/"))
      }
      shown.output.write(piece.chunk)
    }
  }

  /// Whether no chunk is missing and no line was dropped.
  private func isWhole(_ chunks: [LogChunk]) -> Bool {
    chunks.first?.sequence == 1 && chunks.allSatisfy { $0.droppedLines == 0 }
      && zip(chunks, chunks.dropFirst()).allSatisfy { $1.sequence == $0.sequence + 1 }
  }

  /// Prints standard output, then standard error: the files do not tell how they were
  /// interleaved.
  private func printFiles(_ output: inout LogOutput) -> Bool {
    var isFound = false
    for stream in [LogChunk.Stream.standardOutput, .standardError] {
      guard stream == .standardError || !errorsOnly, let path = logs.path(of: stream) else {
        continue
      }
      if isFound { output.note("standard error:") }
      do throws(PosixError) {
        try ExecutorLogs.read(path) { output.write($0, from: stream) }
        isFound = true
      } catch {
        output.note("\(error)")
      }
    }
    return isFound
  }

  private func printMissing(_ chunks: [LogChunk], _ output: LogOutput) {
    guard let first = chunks.first, first.sequence > 1 else { return }
    let earlier = Formats.counted(first.sequence - 1, "earlier piece was", "earlier pieces were")
    output.note("\(earlier) removed from Redis; the executor's host has them in logs-hf/")
  }
}

/// The output, shared by two tasks.
private final class SharedOutput: Sendable {
  struct Value {
    var output: LogOutput
    var order = ChunkOrder()
  }

  let value: Mutex<Value>

  init(_ output: LogOutput) { value = Mutex(Value(output: output)) }
}
