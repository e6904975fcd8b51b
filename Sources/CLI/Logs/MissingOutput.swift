import Engine
import JobProtocol
import Workflow

/// Why there is no output to print for an attempt.
struct MissingOutput: Equatable {
  /// One line, safe to print.
  let text: String
  /// Whether the command was not started and will not be in this attempt.
  let hasNotRun: Bool

  init(_ attempt: AttemptRecord?, errorsOnly: Bool) {
    self.init(
      outcome: attempt?.outcome, hasStarted: attempt?.startedAt != nil,
      lastLine: attempt?.usage.lastLine ?? "", errorsOnly: errorsOnly)
  }

  init(outcome: JobOutcome?, hasStarted: Bool, lastLine: String, errorsOnly: Bool) {
    let stream = errorsOnly ? "standard error" : "output"
    let cause = Self.cause(outcome)
    hasNotRun = !hasStarted && Self.isBeforeStart(outcome)
    if let cause, hasNotRun {
      text = "no output, because it never started: \(cause)"
    } else if !errorsOnly, !lastLine.isEmpty {
      text = "its output was removed from Redis; the executor's host has it in logs-hf/"
    } else {
      text =
        "no \(stream)\(outcome == nil ? " yet" : "")"
        + (cause.map { "; the attempt ended: \($0)" } ?? "")
    }
  }

  /// Some executors do not report a start, so an exit code or a signal proves one. A lost
  /// executor may have started the program without reporting it.
  private static func isBeforeStart(_ outcome: JobOutcome?) -> Bool {
    switch outcome {
    case nil, .succeeded, .failed(.exit), .failed(.signal), .failed(.outOfMemory),
      .failed(.timeout), .failed(.lost):
      false
    case .failed: true
    }
  }

  private static func cause(_ outcome: JobOutcome?) -> String? {
    guard case .failed(let cause)? = outcome else { return nil }
    return cause.summary.displayName + (cause.detail.map { ": \($0.displayName)" } ?? "")
  }
}
