public import JobProtocol
import Posix

/// Workers that a user adds, drains or removes while the run runs.
extension SlurmSite {
  public func steer(_ request: WorkersRequest) async -> WorkersAnswer {
    switch request.change {
    case .add:
      let most = ledger.pending + ledger.running + wanted + request.count
      elastic.range.most = max(elastic.range.most, min(most, WorkerRange.limit))
      wanted += request.count
      nextSubmission = min(nextSubmission, Clock.monotonicMilliseconds)
      return WorkersAnswer(
        "\(request.count) more asked for, at most \(elastic.range.most) from now on")
    case .drain:
      let chosen = choice(for: request, from: ledger.living.filter(isRunning))
      guard !chosen.isEmpty else { return .refused(noSuch(request, "running ")) }
      lower(by: chosen.count)
      var answer = WorkersAnswer("\(chosen.count) finish their jobs and leave\(limit)")
      answer.drained = chosen.map { SlurmSubmission.worker(of: $0, site: settings.name) }
      return answer
    case .remove:
      // Those that wait cost nothing; then those that came last.
      let living = ledger.living
      let pending = living.filter { !isRunning($0) }.reversed()
      let order = Array(pending) + living.filter(isRunning).reversed()
      let chosen = choice(for: request, from: order)
      guard !chosen.isEmpty else { return .refused(noSuch(request, "")) }
      do throws(SiteError) {
        try await slurm.cancel(chosen)
      } catch {
        return .refused(error.lines.joined(separator: "; "))
      }
      lower(by: chosen.count)
      nextLook = 0
      return WorkersAnswer("\(chosen.count) cancelled, their jobs are retried\(limit)")
    }
  }

  private var limit: String { ", at most \(elastic.range.most) from now on" }

  private func isRunning(_ id: String) -> Bool {
    ledger.jobs[id]?.allocationState == .running
  }

  private func choice(for request: WorkersRequest, from ids: [String]) -> [String] {
    guard let worker = request.worker else { return Array(ids.prefix(request.count)) }
    return ids.filter { id in
      let name = SlurmSubmission.worker(of: id, site: settings.name)
      return id == worker || SlurmSubmission.names(of: name).contains(worker)
    }
  }

  /// Otherwise others would be submitted in their place as long as jobs wait.
  private func lower(by count: Int) {
    elastic.lower(by: count, living: ledger.pending + ledger.running)
    wanted = 0
  }

  private func noSuch(_ request: WorkersRequest, _ kind: String) -> String {
    request.worker.map { "there is no \(kind)worker \($0)" } ?? "there is no \(kind)worker"
  }
}
