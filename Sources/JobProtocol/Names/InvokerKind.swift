/// How jobs come to executors, by the word that settings, journal and command line have for it.
public enum InvokerKind: String, Sendable, CaseIterable {
  /// Workers take them from a queue.
  case pool
  /// Each has an executor of its own.
  case oneshot
}
