import Glibc
import JobProtocol
import Posix

/// Memory information about one running job.
struct JobMemory {
  /// Microseconds since boot.
  private let startedAt = Clock.monotonicNanoseconds / 1000
  private var processes: Set<Int32>
  private var peak = 0
  private var limit: Int?

  init(process: Int32) { processes = [process] }

  mutating func note(_ tree: ProcessTree) {
    peak = max(peak, tree.residentKilobytes)
    limit = [limit, tree.limit].compactMap { $0 }.min()
    processes.formUnion(tree.processes)
  }

  /// The peak memory. `largest` is the kernel's peak of one process. It includes the memory before
  /// `exec`, which was this executor's (`own`), so a value that is not larger says nothing, and
  /// only the samples count. 0 without samples.
  func peak(largest: Int, own: Int) -> Int {
    largest <= own + JobMemory.imprecision ? peak : max(peak, largest)
  }

  /// The error of the kernel's figures in kilobytes: it counts pages in batches for each thread.
  static let imprecision = 1024

  /// The peak of this process, in kilobytes.
  static var ownPeak: Int {
    let status = (try? Files.read("/proc/self/status")) ?? []
    let line = String(decoding: status, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("VmHWM:") }
    return line?.split(separator: " ").lazy.compactMap { Int($0) }.first ?? 0
  }

  /// The evidence for an out-of-memory kill of a job that ended by SIGKILL. `largest` is the
  /// kernel's peak of one of its processes.
  func evidence(
    _ status: ExitStatus, largest: Int, isCounted: Bool, group: ControlGroup
  ) -> MemoryEvidence {
    let kernelSaysSo =
      isCounted || !KernelLog.kills(since: startedAt - 5_000_000).isDisjoint(with: processes)
    let limits = [limit, group.limit, JobMemory.ownLimit, JobMemory.hostTotal]
    return MemoryEvidence(
      status: status, kernelSaysSo: kernelSaysSo, peak: max(peak, largest),
      limit: limits.compactMap { $0 }.min())
  }

  private static var hostTotal: Int? {
    let total = HostLoad.now().memoryTotal
    return total > 0 ? total : nil
  }

  /// The limit of this process, which its jobs inherit.
  private static var ownLimit: Int? {
    [RLIMIT_AS, RLIMIT_DATA].compactMap { kind -> Int? in
      var limit = rlimit()
      guard getrlimit(__rlimit_resource_t(kind.rawValue), &limit) == 0,
        limit.rlim_cur < rlim_t(Int.max)
      else { return nil }
      return Int(limit.rlim_cur) / 1024
    }.min()
  }
}
