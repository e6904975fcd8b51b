import Posix
import TUI

/// A text that a person saves from the screen.
enum SavedText {
  /// The folders above are made; what is there already is left alone.
  static func save(_ text: String, to path: String, telling mailbox: Mailbox) {
    guard !Files.exists(path) else {
      return mailbox.send(.notice("not saved: \(path) exists already; give another name"))
    }
    do throws(PosixError) {
      try Files.makeDirectory(Files.parent(of: path))
      try Files.write(Array(text.utf8), to: path)
      mailbox.send(.notice("saved \(Files.realPath(path) ?? path)"))
    } catch {
      mailbox.send(.notice("not saved: \(error)"))
    }
  }
}
