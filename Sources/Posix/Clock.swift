import Glibc

/// The clocks. Pure code gets their values as arguments.
public enum Clock {
  /// Milliseconds since 1970 by the system's clock. It jumps when the clock is set, so its
  /// values must not be subtracted. Use it only to compare with other programs.
  public static var wallMilliseconds: Int {
    let now = read(CLOCK_REALTIME)
    return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
  }

  /// Monotonic nanoseconds, for durations and deadlines.
  public static var monotonicNanoseconds: Int {
    let now = read(CLOCK_MONOTONIC)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec
  }

  /// Monotonic milliseconds, including the time while the machine slept.
  public static var bootMilliseconds: Int {
    let now = read(CLOCK_BOOTTIME)
    return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
  }

  /// Milliseconds since 1970 that never jump: the wall clock at the first call, plus the time
  /// since. Journals use it, so differences of time stamps are correct.
  public static var steadyMilliseconds: Int { bootMilliseconds + ClockAnchor.offset }

  public static var monotonicMilliseconds: Int { monotonicNanoseconds / 1_000_000 }

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    clock_gettime(clock, &time)
    return time
  }
}
