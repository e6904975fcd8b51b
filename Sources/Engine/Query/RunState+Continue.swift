extension RunState {
  /// Whether `continue` has an effect: the run is paused, or a failure or a user has stopped
  /// it.
  public var canContinue: Bool { isPaused || settledAt != nil && status != .succeeded }
}
