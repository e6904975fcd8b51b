extension RunState {
  /// The jobs' directory was moved since the run started.
  public mutating func runsJobs(in directory: String) { info?.directory = directory }
}
