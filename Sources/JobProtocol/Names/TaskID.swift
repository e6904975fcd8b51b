/// The id of a task: `hfId:wfId:procId:firingId`, all numbers from 1.
public struct TaskID: Hashable, Sendable, CustomStringConvertible {
  public let run: RunID
  public let workflow: Int
  public let process: Int
  public let firing: Int

  public init(run: RunID, workflow: Int, process: Int, firing: Int) {
    self.run = run
    self.workflow = workflow
    self.process = process
    self.firing = firing
  }

  public var description: String { "\(run):\(workflow):\(process):\(firing)" }
}

/// The id of a job. The first attempt has the task's id, so that original executors and engines
/// recognise it; attempt n ≥ 2 appends `:n`. So a late report of an attempt that was given up is
/// never mistaken for its successor's.
public struct JobID: Hashable, Sendable, CustomStringConvertible {
  public let task: TaskID
  /// Counts from 1.
  public let attempt: Int

  public init(task: TaskID, attempt: Int) {
    self.task = task
    self.attempt = attempt
  }

  /// Returns `nil` if the text is not such an id.
  public init?(parsing text: String) {
    let fields = text.split(separator: ":", omittingEmptySubsequences: false)
    guard fields.count == 4 || fields.count == 5, let run = RunID(String(fields[0])) else {
      return nil
    }
    let numbers = fields.dropFirst().compactMap { Int($0) }
    guard numbers.count == fields.count - 1, numbers.allSatisfy({ $0 >= 1 }) else { return nil }
    task = TaskID(run: run, workflow: numbers[0], process: numbers[1], firing: numbers[2])
    attempt = numbers.count == 4 ? numbers[3] : 1
  }

  public var description: String { attempt == 1 ? "\(task)" : "\(task):\(attempt)" }
}
