/// The number of a process: its place in the file's array, counted from 1 as HyperFlow does.
public struct ProcessID: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let number: Int

  public init(number: Int) { self.number = number }

  public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
  public var description: String { String(number) }

  /// The place in an array of all processes.
  var index: Int { number - 1 }
}

/// The number of a signal: its place in the file's array, counted from 1 as HyperFlow does.
public struct SignalID: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let number: Int

  public init(number: Int) { self.number = number }

  public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
  public var description: String { String(number) }

  /// The place in an array of all signals.
  var index: Int { number - 1 }
}
