/// The versions of reports and output that executors write. An engine names the version that it can
/// read in each job message; an engine whose messages name none reads the first version.
public enum ProtocolVersion {
  /// One report in an entry; the channel of a log carries the chunks.
  public static let first = 1
  /// Several reports in an entry; the channel of a log carries ids of its stream's entries.
  public static let batches = 2
  public static let current = batches
}
