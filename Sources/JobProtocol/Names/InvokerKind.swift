/// The kind of a job invoker. The raw value is its name in settings, journal and command line.
public enum InvokerKind: String, Sendable, CaseIterable {
  /// Workers take jobs from a queue.
  case pool
  /// Each job has an executor of its own.
  case oneshot
}
