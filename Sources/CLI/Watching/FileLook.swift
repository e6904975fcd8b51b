import Posix
import TUI

/// Looks for the files of a task, where they can be seen from here.
enum FileLook {
  /// Facts about all files, or none: those of another host say nothing about this one's.
  static func facts(_ question: FileQuestion) -> [FileFact] {
    if let host = question.host, host != Environment.hostName { return [] }
    guard Files.isDirectory(question.directory) else { return [] }
    return question.names.map { name in
      let path = name.hasPrefix("/") ? name : Files.join(question.directory, name)
      return FileFact(
        name: name, size: Files.exists(path) ? Files.size(path) ?? 0 : nil,
        modifiedAt: modified(path))
    }
  }

  /// On the run's clock. After the system's clock was set nobody knows by which of the two a file
  /// was stamped: the later one counts, so that no new file is taken for an old one.
  private static func modified(_ path: String) -> Int? {
    let difference = Clock.steadyMilliseconds - Clock.wallMilliseconds
    return Files.modified(path).map { max($0, $0 + difference) }
  }
}
