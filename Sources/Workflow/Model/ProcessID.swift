/// The number of a process: its position in the file, from 1 as in HyperFlow.
public struct ProcessID: Hashable, Sendable, Comparable, CustomStringConvertible {
  private let packed: Int32

  public var number: Int { Int(packed) }

  /// Clamps a number that is too large. It names no process, because no file has 2³¹ processes.
  public init(number: Int) { packed = Int32(clamping: number) }

  public static func < (left: Self, right: Self) -> Bool { left.packed < right.packed }
  public var description: String { String(number) }

  /// The index in an array of all processes.
  var index: Int { number - 1 }
}

/// The number of a signal: its position in the file, from 1 as in HyperFlow.
public struct SignalID: Hashable, Sendable, Comparable, CustomStringConvertible {
  private let packed: Int32

  public var number: Int { Int(packed) }

  /// Clamps a number that is too large. It names no signal, because no file has 2³¹ signals.
  public init(number: Int) { packed = Int32(clamping: number) }

  public static func < (left: Self, right: Self) -> Bool { left.packed < right.packed }
  public var description: String { String(number) }

  /// The index in an array of all signals.
  var index: Int { number - 1 }
}
