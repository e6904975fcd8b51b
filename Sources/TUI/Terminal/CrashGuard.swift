internal import CNcurses

/// Restores the terminal when the program dies of a signal (a trap, a bad access, an abort). The
/// only file that calls `hf_guard_*`.
enum CrashGuard {
  /// Before ncurses changes the terminal's modes.
  static func keepModes() { hf_guard_keep_modes() }
  /// After ncurses knows the terminal.
  static func install() { hf_guard_install() }
  static func remove() { hf_guard_remove() }
}
