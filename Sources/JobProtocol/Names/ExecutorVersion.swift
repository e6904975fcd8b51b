/// The version of engine and executor, which must be equal on all hosts of a run.
public enum ExecutorVersion {
  /// What `hflow-job-execute --version` prints.
  public static let text = "hflow-job-execute 0.2.0 (hflow-tui)"
}
