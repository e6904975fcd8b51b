/// The kind of a job invoker. The raw value is its name in settings, journal and command line.
public enum InvokerKind: String, Sendable, CaseIterable {
  /// Workers take jobs from a queue.
  case pool
  /// Each job has an executor of its own.
  case oneshot
  /// Each job, or group of jobs, is a Job of Kubernetes.
  case kubernetes

  /// Whether a job that is submitted is in its queue at once. Other infrastructures say when they
  /// have accepted it.
  public var queuesAtOnce: Bool {
    switch self {
    case .pool, .oneshot: true
    case .kubernetes: false
    }
  }
}
