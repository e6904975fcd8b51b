import JobProtocol

/// How many workers a site has, and how many more to request.
///
/// | situation | workers to request |
/// |---|---|
/// | fewer than the minimum exist | the difference |
/// | jobs wait, more than the pending workers will take | enough for the rest, up to the maximum |
/// | jobs wait, but the last workers have just started | none: these workers may take the jobs |
/// | otherwise | none; workers without jobs exit by themselves |
struct Elastic: Equatable, Sendable {
  var range: WorkerRange
  /// Jobs at a time on each worker.
  let slots: Int
  /// The number of workers that a user has requested and that are not submitted yet.
  var requested = 0

  /// - Parameters:
  ///   - waiting: jobs that no worker has.
  ///   - justStarted: workers that have started since the infrastructure was last asked.
  func missing(waiting: Int, pending: Int, running: Int, justStarted: Int) -> Int {
    let present = pending + running
    let minimum = max(0, range.minimum - present)
    let expected = (pending + justStarted) * slots
    let needed = waiting > expected ? (waiting - expected + slots - 1) / slots : 0
    return min(max(0, range.maximum - present), max(minimum, needed))
  }

  /// Requests more workers for a user, and raises the maximum if necessary.
  mutating func add(_ count: Int, active: Int) -> WorkersAnswer {
    range.maximum = max(range.maximum, min(active + requested + count, WorkerRange.limit))
    requested += count
    return WorkersAnswer("\(count) more asked for\(limitText)")
  }

  /// Lowers the limits, because otherwise new workers would replace `count` that leave while jobs
  /// wait. `active` is the number of workers before.
  mutating func lowerLimits(by count: Int, active: Int) {
    range.maximum = max(0, min(range.maximum, active - count))
    range.minimum = min(range.minimum, range.maximum)
    requested = 0
  }

  /// The end of an answer to a user.
  var limitText: String { ", at most \(range.maximum) from now on" }

  /// `0-99` pieces for `sbatch --array`: Slurm limits the largest index.
  static func arrays(of count: Int, limit: Int) -> [Int] {
    let size = max(1, limit)
    return count <= 0
      ? [] : Array(repeating: size, count: count / size) + (count % size == 0 ? [] : [count % size])
  }
}

extension WorkersRequest {
  /// The native ids of the workers to drain or to remove. Pending workers are removed first,
  /// because they have no jobs; then the newest running ones.
  ///
  /// - Parameters:
  ///   - active: the native ids of all workers, the oldest first.
  ///   - hasName: whether an id, or the worker that it belongs to, has a name.
  func selectedWorkers(
    from active: [String], isRunning: (String) -> Bool, hasName: (_ id: String, String) -> Bool
  ) -> [String] {
    let running = active.filter(isRunning)
    let candidates =
      change == .drain
      ? running : active.filter { !isRunning($0) }.reversed() + running.reversed()
    guard let worker else { return Array(candidates.prefix(count)) }
    return candidates.filter { hasName($0, worker) }
  }

  /// The refusal if there is no such worker.
  var notFound: WorkersAnswer {
    let kind = change == .drain ? "running worker" : "worker"
    return .refused("there is no \(kind)" + (worker.map { " \($0)" } ?? ""))
  }
}
