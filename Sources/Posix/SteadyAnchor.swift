import Synchronization

/// What ties `Clock.steadyMilliseconds` to the wall clock. Processes of one boot of a machine that
/// have the same anchor have the same time, whenever they began and whatever was done to the clock.
public enum SteadyAnchor {
  /// In the environment of a process, the anchor that it is to take over.
  public static let variable = "HFLOW_CLOCK"

  /// The wall clock at boot: milliseconds since 1970, for the time that this process calls 0.
  private static let shared = Atomic(Clock.wallMilliseconds - Clock.sleeplessMilliseconds)

  static var offset: Int { shared.load(ordering: .relaxed) }

  /// `<milliseconds> <boot of the machine>`, for other processes.
  public static var text: String { "\(offset) \(Environment.bootID)" }

  /// Takes over the anchor of another process. False when it is none, or one of another machine or
  /// boot: what that process has as its time cannot be known here then.
  @discardableResult
  public static func adopt(_ text: String) -> Bool {
    let words = text.split(separator: " ")
    let boot = Environment.bootID
    guard words.count == 2, !boot.isEmpty, words[1] == boot, let offset = Int(words[0]),
      (0...Self.longest).contains(offset + Clock.sleeplessMilliseconds)
    else { return false }
    shared.store(offset, ordering: .relaxed)
    return true
  }

  /// The year 9999, in milliseconds since 1970: what comes from a Redis is bounded.
  private static let longest = 253_370_764_800_000
}
