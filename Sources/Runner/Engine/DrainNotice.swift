/// The notice in the journal that a worker was told to drain. The command `drain` waits for this
/// text.
public enum DrainNotice {
  public static func text(_ worker: String) -> String {
    "worker \(worker) takes no more jobs and leaves after those it has"
  }
}
