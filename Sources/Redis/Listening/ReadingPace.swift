import Synchronization

/// How often a `RedisStreamReader` reads: at once whatever comes, or so seldom that more comes
/// together. Any thread may change it at any time.
public final class ReadingPace: Sendable {
  private let pause = Atomic(0)

  public init() {}

  /// Rest after each batch; 0: none.
  public var milliseconds: Int {
    get { pause.load(ordering: .relaxed) }
    set { pause.store(newValue, ordering: .relaxed) }
  }
}
