import HumanText
import JobProtocol
import Posix

/// The destinations of a job's output: log files, the files of its message, and the live
/// output.
struct JobOutput {
  var pump = OutputPump()
  let logs: LogFiles
  private(set) var standardOutputBytes = 0
  private(set) var standardErrorBytes = 0
  private var outputEnd = StreamEnd()
  private var errorEnd = StreamEnd()

  /// Whether the engine reports log files that cannot be written.
  private let isOurEngine: Bool
  private let echo: ConsoleEcho?
  private let outputFile: OutputFile?
  private let errorFile: OutputFile?

  /// Opens the files of the message. Both streams may use the same one.
  init(
    plan: JobPlan, logs: LogFiles, isOurEngine: Bool, echo: ConsoleEcho? = nil
  ) throws(JobFailure) {
    self.logs = logs
    self.echo = echo
    self.isOurEngine = isOurEngine
    outputFile = try plan.standardOutputFile?.open()
    if let file = plan.standardErrorFile {
      errorFile = file.path == outputFile?.path ? outputFile : try file.open()
    } else {
      errorFile = nil
    }
  }

  mutating func receive(_ bytes: [UInt8], from stream: LogChunk.Stream, now: Int) {
    let isError = stream == .standardError
    if isError { standardErrorBytes += bytes.count } else { standardOutputBytes += bytes.count }
    if isError { errorEnd.add(bytes) } else { outputEnd.add(bytes) }
    pump.add(bytes, from: stream, now: now)
    echo?.write(bytes, from: stream)
    let log = isError ? logs.standardError : logs.standardOutput
    if let problem = log.write(bytes) {
      // Printed separately, because the job's own lines may be dropped if there are too many.
      LogFiles.printUnwritable(problem)
      if !log.isRefused || !isOurEngine { note(problem, now: now) }
    }
    let file = isError ? errorFile : outputFile
    if let problem = file?.write(bytes) { note(problem, now: now) }
  }

  /// Adds a line of the executor to the job's standard error.
  mutating func note(_ text: String, now: Int) {
    pump.add(Array("hflow-job-execute: \(text)\n".utf8), from: .standardError, now: now)
    logs.note(.warning, text)
  }

  /// The last line of standard error, else of standard output; empty if there is none.
  var lastLine: String { errorEnd.lastLine ?? outputEnd.lastLine ?? "" }

  /// The line that explains a failure. One of standard output is taken only if it says more
  /// about an error than those of standard error.
  var explainingLine: String {
    guard let error = errorEnd.explainingLine else { return outputEnd.explainingLine ?? "" }
    guard let output = outputEnd.explainingLine else { return error }
    return ErrorLine.weight(of: output) > ErrorLine.weight(of: error) ? output : error
  }

  /// Empties the files of the message for another attempt: they must contain the output of one
  /// attempt only.
  func restart() {
    outputFile?.restart()
    errorFile?.restart()
  }

  /// Why a file of the message is incomplete: such a job has failed.
  var problem: String? { outputFile?.problem ?? errorFile?.problem }
}
