/// A place that an infrastructure gives to one worker: a job of a scheduler, or a host.
public struct Allocation: Sendable, Equatable {
  public enum State: String, Sendable, CaseIterable {
    /// Requested; the infrastructure has not granted it yet.
    case pending
    /// The worker runs there, or is about to register.
    case running
    case ended
  }

  /// The site's name.
  public var site: String
  /// The infrastructure's own id: `4711_3`, or a host's name.
  public var id: String
  public var state: State
  /// Why it is pending or has ended, in the words of the infrastructure; empty if unknown.
  public var reason: String
  /// The name of its worker; empty until it is known.
  public var worker: String

  public init(
    site: String, id: String, state: State, reason: String = "", worker: String = ""
  ) {
    self.site = site
    self.id = id
    self.state = state
    self.reason = reason
    self.worker = worker
  }

  /// The same place, in whatever state.
  public func isSame(as other: Allocation) -> Bool { site == other.site && id == other.id }
}
