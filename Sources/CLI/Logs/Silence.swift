import Engine
import JobProtocol
import Workflow

/// Why there is no output of an attempt to print.
struct Silence: Equatable {
  /// On one line, safe to print.
  let text: String
  /// The command was never started, and will not be in this attempt.
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
      text = "no output, for it never started: \(cause)"
    } else if !errorsOnly, !lastLine.isEmpty {
      text = "its output is kept no more; the executor's files have it (logs-hf/ on its host)"
    } else {
      text =
        "no \(stream)\(outcome == nil ? " yet" : "")"
        + (cause.map { "; it ended: \($0)" } ?? "")
    }
  }

  /// Not every executor tells of a start: what a program ended with means that there was one. One
  /// that was lost may have started the program and not lived to say so.
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
