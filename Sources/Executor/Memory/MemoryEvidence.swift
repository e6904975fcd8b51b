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
/// The kernel reports a kill in the count of the job's control group, or in its log with a process
/// of the job. A kill by a batch system or a user-space agent is in neither, so only the distance
/// to a limit counts.
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

/// Decides which jobs the kernel killed for memory. The kernel only counts such kills for each
/// control group, so a job that ended by SIGKILL when the count had just risen was one of them.
///
/// A rise explains a SIGKILL for one second. The first job that is checked after a rise need not be
/// the killed one, and a later SIGKILL has another reason. Times are milliseconds of the monotonic
/// clock.
struct MemoryKills {
  static let window = 1000

  private var seen: Int
  private var unexplained = 0
  private var believedUntil = 0

  init(count: Int) { seen = count }

  /// Records the kernel's current count.
  mutating func observe(_ count: Int, now: Int) {
    if now >= believedUntil { unexplained = 0 }
    if count > seen {
      unexplained += count - seen
      believedUntil = now + MemoryKills.window
    }
    seen = count
  }

  /// Whether a job that has just ended by SIGKILL was killed for memory. Uses up one kill of the
  /// count.
  mutating func explain(_ count: Int, now: Int) -> Bool {
    observe(count, now: now)
    guard unexplained > 0 else { return false }
    unexplained -= 1
    return true
  }
}
