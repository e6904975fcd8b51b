extension RunStatus {
  /// The word of lists, reports and summaries: what a person stopped was not cancelled by itself.
  public var word: String { self == .cancelled ? "stopped" : rawValue }
}
