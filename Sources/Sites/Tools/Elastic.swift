/// How many more workers to request.
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

  /// - Parameters:
  ///   - waiting: jobs that no worker has.
  ///   - fresh: workers that have started since the infrastructure was last asked.
  func missing(waiting: Int, pending: Int, running: Int, justStarted: Int) -> Int {
    let present = pending + running
    let minimum = max(0, range.minimum - present)
    let expected = (pending + justStarted) * slots
    let needed = waiting > expected ? (waiting - expected + slots - 1) / slots : 0
    return min(max(0, range.maximum - present), max(minimum, needed))
  }

  /// Lowers the limits so that no worker is requested in place of `count` that leave. `active` is
  /// how many there are before.
  mutating func lowerLimits(by count: Int, active: Int) {
    range.maximum = max(0, min(range.maximum, active - count))
    range.minimum = min(range.minimum, range.maximum)
  }

  /// `0-99` pieces for `sbatch --array`: Slurm limits the largest index.
  static func arrays(of count: Int, limit: Int) -> [Int] {
    let size = max(1, limit)
    return count <= 0
      ? [] : Array(repeating: size, count: count / size) + (count % size == 0 ? [] : [count % size])
  }
}
