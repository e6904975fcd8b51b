import JobProtocol
import Posix

/// What speaks for a job having been killed for its memory.
///
/// | SIGKILL, or a shell's 137 | sent by us | the kernel says so | peak near a limit | cause |
/// |---|---|---|---|---|
/// | no | – | – | – | another |
/// | yes | yes | – | – | another |
/// | yes | no | yes | – | out of memory |
/// | yes | no | no | yes | possibly out of memory |
/// | yes | no | no | no | another |
///
/// The kernel says so in the count of the job's control group, or in its log with a process of the
/// job. Without either, as where a batch system or an agent in user space kills, only nearness to a
/// limit is left.
struct MemoryEvidence: Equatable {
  var status: ExitStatus
  var isKilledByUs = false
  var kernelSaysSo = false
  /// The most that the job is known to have used, in kilobytes.
  var peak = 0
  /// The smallest limit that holds for the job, in kilobytes; `nil` for none.
  var limit: Int?

  /// So much of a limit is near it, in per cent.
  static let nearness = 90

  static func isKill(_ status: ExitStatus) -> Bool {
    status == .signalled(9) || status == .exited(128 + 9)
  }

  /// `nil`: the job ended for another reason.
  var cause: FailureCause? {
    guard MemoryEvidence.isKill(status), !isKilledByUs else { return nil }
    if kernelSaysSo { return .outOfMemory(certain: true) }
    return isNearLimit ? .outOfMemory(certain: false) : nil
  }

  private var isNearLimit: Bool {
    guard let limit, limit > 0 else { return false }
    return peak * 100 >= limit * MemoryEvidence.nearness
  }
}
