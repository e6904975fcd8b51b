import Glibc

/// The clocks, in milliseconds and nanoseconds; pure code takes their values as arguments.
public enum Clock {
  /// Milliseconds since 1970 as the system has it now. It jumps when somebody sets the clock, so no
  /// two of its values are subtracted; it is for what other programs and people compare with
  /// theirs.
  public static var wallMilliseconds: Int {
    let now = read(CLOCK_REALTIME)
    return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
  }

  /// Nanoseconds since some moment, never jumping: for durations and deadlines.
  public static var monotonicNanoseconds: Int {
    let now = read(CLOCK_MONOTONIC)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec
  }

  /// Milliseconds since some moment, never jumping, the time while the machine slept included.
  public static var sleeplessMilliseconds: Int {
    let now = read(CLOCK_BOOTTIME)
    return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
  }

  /// Milliseconds since 1970, never jumping: the wall clock as it was when this process first
  /// asked, and the time since. Journals keep it, so that differences of its values are true.
  public static var steadyMilliseconds: Int { sleeplessMilliseconds + SteadyAnchor.offset }

  public static var monotonicMilliseconds: Int { monotonicNanoseconds / 1_000_000 }

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    clock_gettime(clock, &time)
    return time
  }
}
