import JobProtocol
import Posix

/// The evidence that a job was killed for its memory.
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
/// job. If a batch system or a user-space agent kills, there is neither, so only the distance to a
/// limit counts.
struct MemoryEvidence: Equatable {
  var status: ExitStatus
  var isKilledByUs = false
  var kernelSaysSo = false
  /// The highest known memory use of the job, in kilobytes.
  var peak = 0
  /// The smallest limit for the job, in kilobytes; `nil` without a limit.
  var limit: Int?

  /// The percentage of a limit from which a peak counts as near it.
  static let nearness = 90

  static func isKill(_ status: ExitStatus) -> Bool {
    status == .signalled(9) || status == .exited(128 + 9)
  }

  /// The cause; `nil` if the job ended for another reason.
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
