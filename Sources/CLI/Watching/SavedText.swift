import Glibc
import Posix
import TUI

/// A text that a person saves from the screen.
enum SavedText {
  /// The folders above are made; what is there already is left alone.
  static func save(_ text: String, to path: String, telling mailbox: Mailbox) {
    do throws(PosixError) {
      try Files.makeDirectory(Files.parent(of: path))
      try Files.create(path, with: Array(text.utf8))
      mailbox.send(.notice("saved \(Files.realPath(path) ?? path)"))
    } catch  where error.code == EEXIST {
      mailbox.send(.notice("not saved: \(path) exists already; give another name"))
    } catch {
      mailbox.send(.notice("not saved: \(error)"))
    }
  }
}
