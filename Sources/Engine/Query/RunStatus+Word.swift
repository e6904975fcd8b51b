extension RunStatus {
  /// The word of lists, reports and summaries: `cancelled` is shown as stopped.
  public var word: String { self == .cancelled ? "stopped" : rawValue }
}
