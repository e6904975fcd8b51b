public import JSONValue
public import JobProtocol
import Posix

/// Makes the stamps of a job's files.
public struct FileStamper: Sendable {
  private let directory: String
  private let inSeconds: Bool

  /// - Parameter directory: the job's directory; absolute.
  init(directory: String, inSeconds: Bool) {
    self.directory = directory
    self.inSeconds = inSeconds
  }

  func stamp(_ path: String) -> String {
    guard let found = FileStamp(Files.join(directory, path)) else { return FileStamps.none }
    return FileStamps.stamp(size: found.size, time: inSeconds ? found.time / 1000 : found.time)
  }

  /// The stamp of the program; empty for programs in PATH, which differ between hosts.
  func program(_ executable: String) -> String {
    guard executable.contains("/"), !executable.contains(" ") else { return FileStamps.none }
    return stamp(executable)
  }

  /// The present stamps of a job's files, as an executor with this environment would find them.
  ///
  /// - Parameters:
  ///   - directory: that of the job, absolute.
  ///   - inputs: signals with their attributes, as in a job message.
  public static func stamps(
    directory: String, executable: String, inputs: [JSON], outputs: [JSON], inSeconds: Bool
  ) -> FileStamps {
    let settings = ExecutorSettings { Environment[$0] }
    let stamper = FileStamper(
      directory: settings.directory(for: JobExtras(directory: directory)), inSeconds: inSeconds)
    func name(_ signal: JSON) -> String { signal["name"]?.string ?? "" }
    return FileStamps(
      inSeconds: inSeconds, program: stamper.program(executable),
      inputs: inputs.map { stamper.stamp(settings.inputPath(of: $0, named: name($0))) },
      outputs: outputs.map { stamper.stamp(settings.outputPath(of: $0, named: name($0))) })
  }
}
