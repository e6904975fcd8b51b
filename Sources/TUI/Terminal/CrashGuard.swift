internal import CNcurses
internal import Glibc
internal import Posix

/// Restores the terminal after a crash (a signal handler) or after `kill -9` (the guardian
/// process). The only file that calls `hf_guard_*`.
enum CrashGuard {
  /// Call before the terminal's modes are changed.
  static func keepModes() { hf_guard_keep_modes() }

  /// Call for a screen, after ncurses knows the terminal. `hasPastes`: the terminal marks
  /// pastes.
  static func install(hasScreen: Bool, hasPastes: Bool) {
    hf_guard_install(hasScreen ? 1 : 0, hasPastes ? 1 : 0)
    ScreenGuardian.start()
  }

  static func remove() {
    ScreenGuardian.release()
    hf_guard_remove()
  }

  /// Restore the terminal after a crash from now on. `during`: the modes while the screen is shown.
  static func arm(_ during: termios) {
    guard let before = hf_guard_modes() else { return }
    var length: Int32 = 0
    guard let text = hf_guard_text(&length) else { return }
    let bytes = UnsafeRawBufferPointer(start: text, count: Int(length))
    withUnsafePointer(to: during) {
      ScreenGuardian.arm(text: Array(bytes), before: before, during: $0)
    }
  }

  /// Do not restore the terminal: it is released.
  static func release() { ScreenGuardian.release() }

  /// The current modes of the terminal.
  static var modes: termios? {
    var modes = termios()
    return tcgetattr(STDIN_FILENO, &modes) == 0 ? modes : nil
  }
}
