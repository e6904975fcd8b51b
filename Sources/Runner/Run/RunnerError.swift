import JobProtocol

/// Why a run cannot start or go on: what, where, and what to do, in one line.
public struct RunnerError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// The workflow cannot be read or is not valid.
    case invalidWorkflow
    /// Redis, an executor or the file system does not do what is needed.
    case infrastructure
    /// No executor of the run's own can be kept alive. None of its jobs runs.
    case executors
    /// Another engine drives the run now: nothing of it is ours to end.
    case deposed
    /// The journal cannot be written (no room, or it has lost something): everything stays as it
    /// is, to be resumed.
    case interrupted
  }

  public let code: Code
  /// One finding each.
  public let messages: [String]

  public init(_ code: Code, _ messages: String...) { self.init(code, messages) }

  public init(_ code: Code, _ messages: [String]) {
    self.code = code
    self.messages = messages
  }

  /// The same of a run that has begun: whatever happens to its engine, its jobs go on.
  func afterStart(of run: RunID) -> RunnerError {
    guard code != .deposed, code != .executors else { return self }
    return RunnerError(
      .interrupted,
      messages.dropLast()
        + messages.suffix(1).map { last in
          // Some say already what to do.
          last.contains(": hflow-tui ")
            ? last : "\(last); running jobs continue; resume with: hflow-tui resume \(run.short)"
        })
  }

  /// Whether everything that belongs to the run stays as it is: jobs run on, its Redis stays up.
  var leavesRun: Bool { code == .deposed || code == .interrupted }

  public var description: String { messages.joined(separator: "\n") }
}
