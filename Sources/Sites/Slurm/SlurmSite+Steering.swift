public import JobProtocol
import Posix

/// Workers that a user adds, drains or removes while the run runs.
extension SlurmSite {
  public func steer(_ request: WorkersRequest) async -> WorkersAnswer {
    if request.change == .add {
      nextSubmission = min(nextSubmission, Clock.monotonicMilliseconds)
      return elastic.add(request.count, active: ledger.pending + ledger.running)
    }
    let chosen = request.selectedWorkers(
      from: ledger.active, isRunning: { ledger.jobs[$0]?.allocationState == .running },
      hasName: { id, name in
        let worker = SlurmSubmission.worker(of: id, site: settings.name)
        return id == name || SlurmSubmission.names(of: worker).contains(name)
      })
    guard !chosen.isEmpty else { return request.notFound }
    if request.change == .remove {
      do throws(SiteError) {
        try await slurm.cancel(chosen)
      } catch {
        return .refused(error.lines.joined(separator: "; "))
      }
      nextPoll = 0
    }
    elastic.lowerLimits(by: chosen.count, active: ledger.pending + ledger.running)
    guard request.change == .drain else {
      return WorkersAnswer(
        "\(chosen.count) cancelled, their jobs are retried\(elastic.limitText)")
    }
    var answer = WorkersAnswer("\(chosen.count) finish their jobs and leave\(elastic.limitText)")
    answer.drained = chosen.map { SlurmSubmission.worker(of: $0, site: settings.name) }
    return answer
  }
}
