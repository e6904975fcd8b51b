/// How long the output of a job is read after its program has exited.
///
/// Processes of the job may still write: a process substitution, `tee`, a background child. But a
/// daemon that inherited the pipe may hold it for ever. So there are two limits: `quiet` counts
/// from the last output or work, `total` from the program's exit.
///
/// Times are milliseconds on a monotonic clock.
struct DrainLimit: Equatable {
  /// One minute: long enough to wait for a disk or a network, short enough if a daemon holds the
  /// pipe.
  static let defaultQuiet = 60_000
  /// `total` is this many times `quiet`: an hour by default.
  static let totalFactor = 60
  private static let longestPause = 5000

  enum Decision: Equatable {
    case readOn(checkAgainAfter: Int)
    case over(Reason)
  }

  enum Reason: Equatable {
    /// No process has written or worked for this long.
    case quiet(milliseconds: Int)
    /// A process still works, but this much time has passed since the program's exit.
    case total(milliseconds: Int)
  }

  let quiet: Int
  private let startedAt: Int
  private var workedAt: Int
  private var pause: Int

  /// - Parameter now: when the program exited.
  init(quiet: Int, now: Int) {
    self.quiet = quiet
    startedAt = now
    workedAt = now
    pause = min(1000, max(1, quiet / 4))
  }

  private var total: Int { quiet * DrainLimit.totalFactor }

  /// Records that output arrived or that a holder of the pipes works.
  mutating func recordWork(now: Int) { workedAt = max(workedAt, now) }

  /// Decides whether to continue reading. Checking the holders is expensive, so the pauses grow.
  mutating func decision(now: Int) -> Decision {
    if now - startedAt >= total, quiet > 0 { return .over(.total(milliseconds: total)) }
    if now - workedAt >= quiet { return .over(.quiet(milliseconds: quiet)) }
    let next = min(pause, workedAt + quiet - now, startedAt + total - now)
    pause = min(DrainLimit.longestPause, max(1, quiet / 4), pause * 2)
    return .readOn(checkAgainAfter: next)
  }

  /// Seconds in milliseconds, bounded to avoid overflow.
  static func milliseconds(seconds: Double) -> Int {
    seconds.isNaN ? defaultQuiet : Int(max(0, min(seconds, 1e9)) * 1000)
  }
}
