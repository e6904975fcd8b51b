internal import CPosix

/// Restores the terminal if this process is killed (`kill -9`, out of memory): its modes and
/// its content. A separate process, which ends with this one.
///
/// It acts only if the terminal is still ours: see the table in `screen_guardian.c`. Call it
/// from one thread.
public enum ScreenGuardian {
  /// Starts it, once, if standard input is a terminal. Call it early, because the guardian
  /// copies the memory in use.
  public static func start() { _ = cposix_screen_guardian_start() }

  /// The screen has the terminal. `text` restores the content; `before` and `during` are its
  /// modes, each a `termios`.
  public static func arm(
    text: [UInt8], before: UnsafeRawPointer, during: UnsafeRawPointer
  ) {
    cposix_screen_guardian_hold(text, Int32(text.count), before, during)
  }

  /// A child has the terminal; the guardian ends it if this process is killed.
  public static func terminalReleased(to child: Child) { cposix_screen_guardian_lend(child.pid) }

  /// The child has returned the terminal.
  public static func release() { cposix_screen_guardian_lend(0) }
}

extension Child {
  /// Signals the child and its descendants in any group.
  public func sendToTree(_ signal: Int32) { cposix_signal_tree(pid, signal) }
}
