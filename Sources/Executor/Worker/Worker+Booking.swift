import JobProtocol
import Posix
import Redis

/// Jobs that ask for more than one slot, or for memory or gpus.
extension Worker {
  private static let retryDelayMilliseconds = 1000

  /// Whether a job may be taken beside the one that comes next.
  var mayTakeMore: Bool {
    (next == nil || passes > 0) && pausesUntil == 0
  }

  /// Books what a taken job asks for. If it does not fit, it waits here, or goes back to the queue.
  func book(_ job: TakenJob) -> Bool {
    switch bookings.answer(to: job.needs, slots: slots, used: usedSlots) {
    case .fits(let share):
      bookings.book(share, for: job.id)
      return true
    case .waits where next == nil && phase == .serving:
      next = job
      passes = slots
      requestJobs()
    case .waits:
      gate.forget(job: job.id)
      // Take no other job before the waiting one has started.
      passes = 0
      returnToQueue(job.bytes, of: job.id)
    case .never(let missing): requeueForOthers(job, missing)
    }
    return false
  }

  /// Puts a job at the end of the queue, and takes nothing for a moment: another worker may get it.
  private func requeueForOthers(_ job: TakenJob, _ missing: String) {
    if leftToOthers != job.id {
      leftToOthers = job.id
      report(
        refusal: "it asks for \(missing), more than this worker has", of: job.id, mayMake: true)
    }
    gate.forget(job: job.id)
    pausesUntil = Clock.monotonicMilliseconds + Self.retryDelayMilliseconds
    returnToQueue(job.bytes, of: job.id, toEnd: true)
  }

  /// Starts the job that waits, if it fits now. During an absence, the engine may have cancelled
  /// the job, so it does not start until Redis has returned the cancelled jobs.
  func startNext() {
    guard let job = next, phase == .serving, mayStart(job) else { return }
    guard let isCancelled = cancelled.contains(job.id) else {
      return queryCancelled(ofRun: CancelledJobs.run(of: job.id))
    }
    if isCancelled { return cancelNext() }
    switch bookings.answer(to: job.needs, slots: slots, used: usedSlots) {
    case .waits: break
    case .fits(let share):
      next = nil
      bookings.book(share, for: job.id)
      claimOrStart(job)
    case .never(let missing):
      // The number of slots was lowered, so the job may never fit.
      next = nil
      requeueForOthers(job, missing)
    }
  }

  /// Reports the waiting job as cancelled.
  func cancelNext() {
    guard let job = next, cancelled.contains(job.id) == true else { return }
    next = nil
    reportCancelled(job)
    requestJobs()
  }

  /// Returns the waiting job to the queue, because the worker starts no more jobs.
  func returnNextToQueue() {
    guard let job = next else { return }
    next = nil
    gate.forget(job: job.id)
    returnToQueue(job.bytes, of: job.id)
  }
}

extension TakenJob {
  var needs: JobNeeds { message.extras?.needs ?? JobNeeds() }
}
