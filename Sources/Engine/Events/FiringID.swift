public import Workflow

/// One activation of a process; a task is what a firing wants done, so this also names the task
/// within its run. Firings of a process count from 1.
public struct FiringID: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let process: ProcessID
  public let number: Int

  public init(_ process: ProcessID, _ number: Int) {
    self.process = process
    self.number = number
  }

  public var description: String { "\(process.number):\(number)" }

  public static func < (left: FiringID, right: FiringID) -> Bool {
    (left.process.number, left.number) < (right.process.number, right.number)
  }
}

/// One try at a task, counted from 1.
public struct AttemptID: Hashable, Sendable, CustomStringConvertible {
  public let firing: FiringID
  public let number: Int

  public init(_ firing: FiringID, _ number: Int) {
    self.firing = firing
    self.number = number
  }

  public var description: String { "\(firing)#\(number)" }
}
