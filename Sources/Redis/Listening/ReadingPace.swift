import Synchronization

/// How often a `RedisStreamReader` reads: at once, or so seldom that several entries arrive
/// together. Any thread may change it.
public final class ReadingPace: Sendable {
  private let pause = Atomic(0)

  public init() {}

  /// The pause after each batch; 0 for none.
  public var milliseconds: Int {
    get { pause.load(ordering: .relaxed) }
    set { pause.store(newValue, ordering: .relaxed) }
  }
}
