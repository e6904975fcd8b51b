import JobProtocol
import Posix
import Redis

/// What becomes of one-shot executors whose engine is gone.
///
/// | the executor | the journal | then |
/// |---|---|---|
/// | runs on this host: its command line has the job's id | – | it is watched on |
/// | runs elsewhere: its key says so | – | it goes on |
/// | is gone | its job was taken or started | its report is on its way, else the job is lost |
/// | is gone, or never was | its job was not taken | another is started |
extension OneShotInvoker {
  func adopt(_ jobs: [FormerJob]) async throws(RunnerError) -> InvokerNews {
    try start()
    let processes = RunProcesses.oneShots(of: run)
    var news = InvokerNews()
    var fresh: [Job] = []
    do throws(RedisError) {
      for former in jobs {
        let id = former.job.id
        if let pid = processes["\(id)"] {
          watch(Child(pid: Int32(pid)), for: id)
        } else if try await holder(of: id) == nil {
          if try await wasTaken(former) {
            news.lost.append(.init(job: id, reason: "its executor was gone"))
          } else {
            fresh.append(former.job)
          }
        }
      }
    } catch {
      throw RunnerError(.infrastructure, "the jobs of the run cannot be taken over: \(error)")
    }
    return news + launch(fresh)
  }

  private func holder(of job: JobID) async throws(RedisError) -> JobHolder? {
    let value = try await redis.call(
      RedisCommand("GET", RunKeys.alive(job: "\(job)")), retry: .always)
    guard let holder = value.bytes.flatMap(JobHolder.init(parsing:)),
      holder.host != Environment.hostName
    else { return nil }
    return holder
  }

  private func wasTaken(_ former: FormerJob) async throws(RedisError) -> Bool {
    if former.isTaken { return true }
    let replies = try await redis.run(
      [
        RedisCommand("EXISTS", RunKeys.ran(job: "\(former.job.id)")),
        RedisCommand("EXISTS", OriginalKeys.acquireCount(task: "\(former.job.id)")),
      ], retry: .always)
    // Executors of ours say that they start a job; of others only that they came for it is known.
    return replies[isForeign ? 1 : 0].integer == 1
  }

  func silent(_ worker: String) -> InvokerNews? { nil }
}
