import Glibc
import Posix
import TUI

/// Saves text from the screen to a file.
enum SavedText {
  /// Creates missing parent directories; never overwrites a file.
  static func save(_ text: String, to path: String, telling messageQueue: MessageQueue) {
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
