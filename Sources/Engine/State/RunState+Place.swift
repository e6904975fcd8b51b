extension RunState {
  /// The directory of the jobs is another one than when the run began: somebody has moved it.
  public mutating func runsJobs(in directory: String) { info?.directory = directory }
}
