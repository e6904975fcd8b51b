internal import CPosix

/// Gives the terminal back should this process be killed (`kill -9`, out of memory): its modes, and
/// what it shows. A process of its own, which ends with this one.
///
/// It does so only if the terminal is still ours: see the table in `screen_guardian.c`. All calls
/// come from one thread.
public enum ScreenGuardian {
  /// Starts it once, if standard input is a terminal. Early: the guardian keeps a copy of the
  /// memory that is in use then.
  public static func start() { _ = cposix_screen_guardian_start() }

  /// The terminal is taken. `text` leaves what it shows; `before` and `during` are its modes, each
  /// a `termios`.
  public static func hold(
    text: [UInt8], before: UnsafeRawPointer, during: UnsafeRawPointer
  ) {
    cposix_screen_guardian_hold(text, Int32(text.count), before, during)
  }

  /// The terminal is given to a child, which the guardian ends should we be killed meanwhile.
  public static func lend(to child: Child) { cposix_screen_guardian_lend(child.pid) }

  /// The terminal is given back.
  public static func release() { cposix_screen_guardian_lend(0) }
}

extension Child {
  /// Signals the child and its descendants, whatever their groups.
  public func sendToTree(_ signal: Int32) { cposix_signal_tree(pid, signal) }
}
