/// What an engine tells executors, as a message on the executors' channel: `cancel <jobId>`.
public enum ExecutorOrder: Sendable, Equatable {
  case cancel(job: String)
  /// Take no more jobs, finish those that run, leave.
  case drain

  public var text: String {
    switch self {
    case .cancel(let job): "cancel \(job)"
    case .drain: "drain"
    }
  }

  public init?(text: String) {
    if text == "drain" {
      self = .drain
    } else if text.hasPrefix("cancel ") {
      self = .cancel(job: String(text.dropFirst("cancel ".count)))
    } else {
      return nil
    }
  }
}
