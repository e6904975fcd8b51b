import JobProtocol
import Posix

/// What a job uses while it runs, and whether its memory was its end.
extension RunningJob {
  /// Milliseconds to the next sample.
  ///
  /// | age of the job | between two samples |
  /// |---|---|
  /// | up to 2 s | as long as it is old, 100 ms at least; the last one is at 2 s |
  /// | up to 10 min | 2 s |
  /// | more | a 300th of its age, up to 10 s, so that days of them leave room for output |
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
    workshop.observeMemoryKills()
    let age = (Clock.monotonicNanoseconds - process.startedAt) / 1_000_000
    // Of short jobs only the peak is of interest, and many say nothing else.
    if age >= Self.publishedAge { output?.pump.add(tree.sample) }
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
