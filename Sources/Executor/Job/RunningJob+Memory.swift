import JobProtocol
import Posix

/// What a job uses while it runs, and whether its memory was its end.
extension RunningJob {
  /// Between two samples; for jobs that run long it grows up to five times, so that the samples of
  /// days do not push the output out of the log.
  static let sampleMilliseconds = 2000
  static let slowestSampleMilliseconds = 10_000

  static func pause(atAge milliseconds: Int) -> Int {
    min(slowestSampleMilliseconds, max(sampleMilliseconds, milliseconds / 300))
  }

  func sample() {
    guard let process, !process.hasEnded else { return }
    let tree = ProcessTree(root: process.child.pid)
    memory?.note(tree)
    workshop.observeMemoryKills()
    output?.pump.add(tree.sample)
    let age = (Clock.monotonicNanoseconds - process.startedAt) / 1_000_000
    start(.sample, after: RunningJob.pause(atAge: age))
  }

  /// Out of memory, certainly or possibly; `nil` when nothing speaks for it.
  func causeInMemory(
    of status: ExitStatus, _ used: ProcessUsage, isKilledByUs: Bool
  ) -> FailureCause? {
    guard MemoryEvidence.isKill(status), !isKilledByUs, let memory else { return nil }
    return memory.evidence(
      status, largest: used.maxResidentKilobytes, isCounted: workshop.explainsKill(),
      group: workshop.controlGroup
    ).cause
  }
}
