/// By which factors an attempt asks for more than the workflow says, after earlier ones ran out of
/// memory or time.
public struct ResourceGrowth: Sendable, Equatable {
  public var memory: Double
  public var time: Double

  public static let one = ResourceGrowth(memory: 1, time: 1)
  /// Beyond any machine.
  private static let limit = 1e9

  public init(memory: Double, time: Double) {
    self.memory = memory
    self.time = time
  }

  /// After another attempt ran out of memory or time.
  public mutating func grow(memory factor: Double = 1, time timeFactor: Double = 1) {
    memory = min(memory * factor, Self.limit)
    time = min(time * timeFactor, Self.limit)
  }

  /// `2 times the memory and 1.5 times the time`
  public var text: String {
    [(memory, "memory"), (time, "time")].filter { $0.0 != 1 }
      .map { factor, what in
        let number = factor == factor.rounded() ? String(Int(factor)) : String(factor)
        return "\(number) times the \(what)"
      }.joined(separator: " and ")
  }

  public func memory(of bytes: Int) -> Int {
    Int(min((Double(bytes) * memory).rounded(), 0x1p62))
  }

  public func time(of seconds: Double) -> Double { seconds * time }
}
