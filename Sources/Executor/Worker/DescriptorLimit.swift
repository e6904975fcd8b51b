import Glibc

/// Raises the limit of open files for the pipes of all slots.
public enum DescriptorLimit {
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// Throws if a worker could not have so many slots, without changing the limit.
  public static func check(slots: Int) throws(Failure) {
    guard let limit = current, needed(slots) > limit.rlim_max else { return }
    throw failure(slots, limit)
  }

  /// Three descriptors for each job, a few more while one starts, and the executor's own. The
  /// limit is raised only if necessary, because jobs inherit it.
  static func allow(slots: Int) throws(Failure) {
    let needed = needed(slots)
    guard var limit = current, limit.rlim_cur < needed else { return }
    limit.rlim_cur = needed
    guard needed <= limit.rlim_max,
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    else { throw failure(slots, limit) }
  }

  /// How many slots a worker can have; `nil` if the limit is not known or there is none.
  public static var mostSlots: Int? {
    guard let limit = current, limit.rlim_max < rlim_t(Int32.max) else { return nil }
    return max(0, (Int(limit.rlim_max) - 40) / 5)
  }

  private static func needed(_ slots: Int) -> rlim_t { rlim_t(slots * 5 + 40) }

  private static var current: rlimit? {
    var limit = rlimit()
    return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? limit : nil
  }

  private static func failure(_ slots: Int, _ limit: rlimit) -> Failure {
    Failure(
      description:
        "\(slots) slots need \(needed(slots)) open files, but only \(limit.rlim_max) are allowed; "
        + "use fewer slots (--slots) or raise the limit (ulimit -n)")
  }
}
