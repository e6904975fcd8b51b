/// What the journal says when a worker was told to leave: for whoever asked for it.
public enum DrainNotice {
  public static func text(_ worker: String) -> String {
    "worker \(worker) takes no more jobs and leaves after those it has"
  }
}
