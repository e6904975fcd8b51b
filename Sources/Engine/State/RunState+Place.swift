extension RunState {
  /// Somebody has moved the directory of the jobs since the run began.
  public mutating func runsJobs(in directory: String) { info?.directory = directory }
}
