import Synchronization

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
