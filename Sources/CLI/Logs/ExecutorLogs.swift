import JobProtocol
import Posix

/// The log files of executors, if they are on this host. They hold the complete output.
struct ExecutorLogs {
  let standardOutput: String?
  let standardError: String?

  /// - Parameters:
  ///   - directory: where the run's jobs run.
  ///   - chosen: the directory that the user named for outputs.
  init(of job: JobID, directory: String, chosen: String? = nil) {
    let place = GuardedPath("logs-hf", below: directory)
    guard chosen != nil || place.refusal == nil else {
      (standardOutput, standardError) = (nil, nil)
      return
    }
    let folder = chosen ?? place.path
    let name = "task-" + "\(job)".split(separator: ":").joined(separator: "__") + "@"
    let files = Files.list(folder).filter { $0.hasPrefix(name) }
    func newest(_ suffix: String) -> String? {
      files.filter { $0.hasSuffix(suffix) }.map { Files.join(folder, $0) }
        .max { (Files.modified($0) ?? 0) < (Files.modified($1) ?? 0) }
    }
    standardOutput = newest("__stdout.log")
    standardError = newest("__stderr.log")
  }

  func path(of stream: LogChunk.Stream) -> String? {
    stream == .standardError ? standardError : standardOutput
  }

  /// Reads a file in pieces, because it may have any size.
  static func read(_ path: String, _ handle: ([UInt8]) -> Void) throws(PosixError) {
    let file = try Files.openRegular(path)
    while let bytes = try DescriptorIO.read(file.number), !bytes.isEmpty { handle(bytes) }
  }
}
