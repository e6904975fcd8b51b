public import JobProtocol
public import Workflow

/// One activation of a process. It also identifies the firing's task within its run. Firings of
/// a process count from 1.
public struct FiringID: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let process: ProcessID
  private let packed: Int32

  public var number: Int { Int(packed) }

  /// Clamps a number that is too large. It names no firing, because no process fires 2³¹ times.
  public init(_ process: ProcessID, _ number: Int) {
    self.process = process
    packed = Int32(clamping: number)
  }

  public var description: String { "\(process.number):\(number)" }

  /// The inverse of `description`.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let process = parts[0], let number = parts[1], process >= 1, number >= 1
    else { return nil }
    self.init(ProcessID(number: process), number)
  }

  public static func < (left: FiringID, right: FiringID) -> Bool {
    (left.process, left.packed) < (right.process, right.packed)
  }
}

/// One execution of a task, counted from 1.
public struct AttemptID: Hashable, Sendable, CustomStringConvertible {
  public let firing: FiringID
  private let packed: Int32

  public var number: Int { Int(packed) }

  public init(_ firing: FiringID, _ number: Int) {
    self.firing = firing
    packed = Int32(clamping: number)
  }

  public var description: String { "\(firing)#\(number)" }
}

// MARK: - The same in the protocol

extension FiringID {
  public init(_ task: TaskReference) { self.init(ProcessID(number: task.process), task.firing) }
  public init(_ task: TaskID) { self.init(ProcessID(number: task.process), task.firing) }
}

extension AttemptID {
  public init(_ job: JobID) { self.init(FiringID(job.task), job.attempt) }
}

extension JobID {
  /// - Parameter workflow: the number of the workflow, see `RunKeys.info`.
  public init(_ attempt: AttemptID, run: RunID, workflow: Int) {
    let firing = attempt.firing
    self.init(
      task: TaskID(
        run: run, workflow: workflow, process: firing.process.number, firing: firing.number),
      attempt: attempt.number)
  }
}
