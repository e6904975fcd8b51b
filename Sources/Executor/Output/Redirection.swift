import Glibc
import JSONValue
import JobProtocol
import Posix

/// A file that a job message names for an output stream.
struct Redirection: Equatable {
  /// Absolute.
  let path: String
  /// Append to the file; otherwise truncate it.
  let append: Bool

  /// The files of standard output and standard error. `stdout` takes precedence over
  /// `stdoutAppend`.
  static func both(
    _ message: JobMessage, directory: String
  ) -> (output: Redirection?, error: Redirection?) {
    func find(_ key: String) -> Redirection? {
      for (name, append) in [(key, false), (key + "Append", true)] {
        if let path = message.members[name]?.string, !path.isEmpty {
          return Redirection(path: Files.join(directory, path), append: append)
        }
      }
      return nil
    }
    return (find("stdout"), find("stderr"))
  }

  /// Opens the file, always in append mode, so that two streams in one file do not overwrite
  /// each other.
  func open() throws(JobFailure) -> OutputFile {
    let file = OutputFile(path: path, truncate: !append)
    if let problem = file.open() { throw JobFailure(.error(problem)) }
    return file
  }
}
