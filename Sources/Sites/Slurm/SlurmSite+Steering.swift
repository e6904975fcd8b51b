public import JobProtocol
import Posix

/// Workers that a user adds, drains or removes while the run runs.
extension SlurmSite {
  public func steer(_ request: WorkersRequest) async -> WorkersAnswer {
    switch request.change {
    case .add:
      let maximum = ledger.pending + ledger.running + requested + request.count
      elastic.range.maximum = max(elastic.range.maximum, min(maximum, WorkerRange.limit))
      requested += request.count
      nextSubmission = min(nextSubmission, Clock.monotonicMilliseconds)
      return WorkersAnswer(
        "\(request.count) more asked for, at most \(elastic.range.maximum) from now on")
    case .drain:
      let chosen = selectWorkers(for: request, from: ledger.active.filter(isRunning))
      guard !chosen.isEmpty else { return .refused(notFound(request, "running ")) }
      lowerLimits(by: chosen.count)
      var answer = WorkersAnswer("\(chosen.count) finish their jobs and leave\(limit)")
      answer.drained = chosen.map { SlurmSubmission.worker(of: $0, site: settings.name) }
      return answer
    case .remove:
      // Pending workers first, because they have no jobs; then the newest running ones.
      let active = ledger.active
      let pending = active.filter { !isRunning($0) }.reversed()
      let order = Array(pending) + active.filter(isRunning).reversed()
      let chosen = selectWorkers(for: request, from: order)
      guard !chosen.isEmpty else { return .refused(notFound(request, "")) }
      do throws(SiteError) {
        try await slurm.cancel(chosen)
      } catch {
        return .refused(error.lines.joined(separator: "; "))
      }
      lowerLimits(by: chosen.count)
      nextPoll = 0
      return WorkersAnswer("\(chosen.count) cancelled, their jobs are retried\(limit)")
    }
  }

  private var limit: String { ", at most \(elastic.range.maximum) from now on" }

  private func isRunning(_ id: String) -> Bool {
    ledger.jobs[id]?.allocationState == .running
  }

  private func selectWorkers(for request: WorkersRequest, from ids: [String]) -> [String] {
    guard let worker = request.worker else { return Array(ids.prefix(request.count)) }
    return ids.filter { id in
      let name = SlurmSubmission.worker(of: id, site: settings.name)
      return id == worker || SlurmSubmission.names(of: name).contains(worker)
    }
  }

  /// Lowers the limits, because otherwise new workers would replace the removed ones while jobs
  /// wait.
  private func lowerLimits(by count: Int) {
    elastic.lowerLimits(by: count, active: ledger.pending + ledger.running)
    requested = 0
  }

  private func notFound(_ request: WorkersRequest, _ kind: String) -> String {
    request.worker.map { "there is no \(kind)worker \($0)" } ?? "there is no \(kind)worker"
  }
}
