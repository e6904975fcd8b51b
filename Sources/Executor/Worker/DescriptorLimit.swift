import Glibc

/// Raises the limit of open files for the pipes of all slots.
enum DescriptorLimit {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Three descriptors for each job, a few more while one starts, and the executor's own. The
  /// limit is raised only if necessary, because jobs inherit it.
  static func allow(slots: Int) throws(Failure) {
    let needed = rlim_t(slots * 5 + 40)
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
      limit.rlim_cur < needed
    else { return }
    limit.rlim_cur = needed
    guard needed <= limit.rlim_max,
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    else {
      throw Failure(
        description:
          "as many slots as \(slots) need \(needed) open files, \(limit.rlim_max) are allowed; "
          + "use fewer slots or raise the limit (ulimit -n)")
    }
  }
}
