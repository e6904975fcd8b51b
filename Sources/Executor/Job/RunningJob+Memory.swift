import JobProtocol
import Posix

/// Samples the resource use of a job, and determines whether it was killed for its memory.
extension RunningJob {
  /// Milliseconds until the next sample.
  ///
  /// | age of the job | interval |
  /// |---|---|
  /// | up to 2 s | its age, at least 100 ms; the last one is at 2 s |
  /// | up to 10 min | 2 s |
  /// | more | a 300th of its age, up to 10 s, so that long jobs leave room for output |
  static func pause(atAge milliseconds: Int) -> Int {
    milliseconds < publishedAge
      ? min(max(100, milliseconds), publishedAge - milliseconds)
      : min(10_000, max(2000, milliseconds / 300))
  }

  static let publishedAge = 2000

  func sample() {
    guard let process, !process.hasEnded else { return }
    let tree = ProcessTree(root: process.child.pid)
    memory?.note(tree)
    context.observeMemoryKills()
    let age = (Clock.monotonicNanoseconds - process.startedAt) / 1_000_000
    // For short jobs only the peak matters, and many have no output.
    if age >= Self.publishedAge { output?.pump.add(tree.sample) }
    start(.sample, after: RunningJob.pause(atAge: age))
  }

  /// Whether the kill was certainly or possibly out of memory; `nil` without evidence.
  func causeInMemory(
    of status: ExitStatus, _ used: ProcessUsage, isKilledByUs: Bool
  ) -> FailureCause? {
    guard MemoryEvidence.isKill(status), !isKilledByUs, let memory else { return nil }
    return memory.evidence(
      status, largest: used.maxResidentKilobytes, isCounted: context.explainsKill(),
      group: context.controlGroup
    ).cause
  }
}
