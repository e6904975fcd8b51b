import Glibc
import Posix
import TUI

/// Saves text from the screen to a file.
enum SavedText {
  /// Creates missing parent directories; never overwrites a file.
  static func save(_ text: String, to path: String, reportingTo messageQueue: MessageQueue) {
    do throws(PosixError) {
      try Files.makeDirectory(Files.parent(of: path))
      try Files.create(path, with: Array(text.utf8))
      messageQueue.send(.notice("saved \(Files.realPath(path) ?? path)"))
    } catch  where error.code == EEXIST {
      messageQueue.send(.notice("not saved: \(path) already exists; choose another name"))
    } catch {
      messageQueue.send(.notice("not saved: \(error)"))
    }
  }
}

/// Checks whether files of a task exist on this host.
enum FileInspector {
  /// Facts about all files, or none: the files of another host are not visible here.
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

  /// When the file was modified, on the run's clock. If the system's clock was set, its stamp
  /// may be from before or after. The later time counts, so a new file never looks old.
  private static func modified(_ path: String) -> Int? {
    let difference = Clock.steadyMilliseconds - Clock.wallMilliseconds
    return Files.modified(path).map { max($0, $0 + difference) }
  }
}
