import JobProtocol
import Posix

/// Where the output of one job goes: log files, the files that the message names, and the pump.
struct JobOutput {
  var pump = OutputPump()
  let logs: LogFiles
  private(set) var standardOutputBytes = 0
  private(set) var standardErrorBytes = 0
  private var outputEnd = StreamEnd()
  private var errorEnd = StreamEnd()

  /// The engine looks after the log files of its run.
  private let isOurEngine: Bool
  private let outputFile: OutputFile?
  private let errorFile: OutputFile?

  /// Opens the files of the message. Both streams may name the same one.
  init(plan: JobPlan, logs: LogFiles, isOurEngine: Bool) throws(JobFailure) {
    self.logs = logs
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
    let log = isError ? logs.standardError : logs.standardOutput
    if let problem = log.write(bytes) {
      // Also where the job's own lines may be left out because they come too fast.
      LogFiles.sayUnwritable(problem)
      if !log.isRefused || !isOurEngine { say(problem, now: now) }
    }
    let file = isError ? errorFile : outputFile
    if let problem = file?.write(bytes) { say(problem, now: now) }
  }

  /// Shows a sentence of the executor among the job's standard error.
  mutating func say(_ text: String, now: Int) {
    pump.add(Array("hflow-job-execute: \(text)\n".utf8), from: .standardError, now: now)
    logs.note(.warning, text)
  }

  /// The last line of standard error, else of standard output; empty when there is none.
  var lastLine: String { errorEnd.lastLine ?? outputEnd.lastLine ?? "" }

  /// Another attempt begins: the files that the message names are to hold its output alone.
  func restart() {
    outputFile?.restart()
    errorFile?.restart()
  }

  /// What is missing in a file that the message named: such a job has not done its work.
  var problem: String? { outputFile?.problem ?? errorFile?.problem }
}
