package import JobProtocol

/// Why a run cannot start or continue: what, where, and what to do, in one line.
public struct RunnerError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// The workflow cannot be read or is not valid.
    case invalidWorkflow
    /// Redis, an executor or the file system fails.
    case infrastructure
    /// The run's own worker cannot be kept alive, and no other worker is known.
    case executors
    /// Another engine drives the run now, so this one must leave everything alone.
    case deposed
    /// The journal cannot be written (no room, or commits were lost). Everything stays as it is, to
    /// be resumed.
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

  /// The error for a run that has started: whatever happens to its engine, its jobs continue.
  package func afterStart(of run: RunID) -> RunnerError {
    guard code != .deposed, code != .executors else { return self }
    return RunnerError(
      .interrupted,
      messages.dropLast()
        + messages.suffix(1).map { last in
          // Some messages say what to do already.
          last.contains(": hflow-tui ")
            ? last : "\(last); running jobs continue; resume with: hflow-tui resume \(run.short)"
        })
  }

  /// Whether everything that belongs to the run stays as it is: its jobs and its Redis continue.
  package var leavesRun: Bool { code == .deposed || code == .interrupted }

  public var description: String { messages.joined(separator: "\n") }
}
