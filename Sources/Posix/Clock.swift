import Glibc
import Synchronization

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

  /// Seconds east of UTC on this host, at a time in milliseconds since 1970.
  public static func zoneOffset(at milliseconds: Int) -> Int {
    var seconds = time_t(milliseconds / 1000)
    var local = tm()
    return localtime_r(&seconds, &local) == nil ? 0 : local.tm_gmtoff
  }

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    clock_gettime(clock, &time)
    return time
  }
}

/// Relates `Clock.steadyMilliseconds` to the wall clock. Processes of the same boot with the
/// same anchor have the same time, whatever is done to the clock.
public enum ClockAnchor {
  /// The environment variable with the anchor to adopt.
  public static let variable = "HFLOW_CLOCK"

  /// The wall clock at boot, in milliseconds since 1970.
  private static let shared = Atomic(Clock.wallMilliseconds - Clock.bootMilliseconds)

  static var offset: Int { shared.load(ordering: .relaxed) }

  /// `<milliseconds> <boot id>`, for other processes.
  public static var text: String { "\(offset) \(Environment.bootID)" }

  /// Adopts the anchor of another process. Returns false if it is invalid or from another
  /// boot, whose time is unknown here.
  @discardableResult
  public static func adopt(_ text: String) -> Bool {
    let words = text.split(separator: " ")
    let boot = Environment.bootID
    guard words.count == 2, !boot.isEmpty, words[1] == boot, let offset = Int(words[0]),
      (0...Self.longest).contains(offset + Clock.bootMilliseconds)
    else { return false }
    shared.store(offset, ordering: .relaxed)
    return true
  }

  /// The year 9999 in milliseconds since 1970: bounds values from Redis.
  private static let longest = 253_370_764_800_000
}

extension Clock {
  /// `2026-11-24T04:36:33.821Z`
  public static func isoText(milliseconds: Int) -> String {
    var seconds = milliseconds / 1000
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func padded(_ value: Int32, _ width: Int = 2) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    let day = [padded(parts.tm_year + 1900, 4), padded(parts.tm_mon + 1), padded(parts.tm_mday)]
    let time = [padded(parts.tm_hour), padded(parts.tm_min), padded(parts.tm_sec)]
    return day.joined(separator: "-") + "T" + time.joined(separator: ":")
      + ".\(padded(Int32(milliseconds % 1000), 3))Z"
  }
}
