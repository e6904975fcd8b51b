extension RunState {
  /// There may be something to go on with: it is paused, or a failure or a person has stopped it.
  public var canContinue: Bool { isPaused || settledAt != nil && status != .succeeded }
}
