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
  func missing(waiting: Int, pending: Int, running: Int, fresh: Int) -> Int {
    let there = pending + running
    let least = max(0, range.least - there)
    let expected = (pending + fresh) * slots
    let needed = waiting > expected ? (waiting - expected + slots - 1) / slots : 0
    return min(max(0, range.most - there), max(least, needed))
  }

  /// Lowers the limits so that no worker is requested in place of `count` that leave. `living` is
  /// how many there are before.
  mutating func lower(by count: Int, living: Int) {
    range.most = max(0, min(range.most, living - count))
    range.least = min(range.least, range.most)
  }

  /// `0-99` pieces for `sbatch --array`: Slurm limits the largest index.
  static func arrays(of count: Int, limit: Int) -> [Int] {
    let size = max(1, limit)
    return count <= 0
      ? [] : Array(repeating: size, count: count / size) + (count % size == 0 ? [] : [count % size])
  }
}
