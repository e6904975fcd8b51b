import Glibc

/// The two clocks, in milliseconds and nanoseconds; pure code takes their values as arguments.
public enum Clock {
  /// Milliseconds since 1970, for what people read and journals keep.
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

  public static var monotonicMilliseconds: Int { monotonicNanoseconds / 1_000_000 }

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    clock_gettime(clock, &time)
    return time
  }
}
