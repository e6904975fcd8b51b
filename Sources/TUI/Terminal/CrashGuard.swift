internal import CNcurses

/// Restores the terminal when the program dies of a signal (a trap, a bad access, an abort). The
/// only file that calls `hf_guard_*`.
enum CrashGuard {
  /// Before the terminal's modes are changed.
  static func keepModes() { hf_guard_keep_modes() }
  /// With a screen: after ncurses knows the terminal.
  static func install(hasScreen: Bool) { hf_guard_install(hasScreen ? 1 : 0) }
  static func remove() { hf_guard_remove() }
}
