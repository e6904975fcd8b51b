import DequeModule
import JobProtocol

/// The memory that the output of a run's jobs takes in Redis, and which output to remove first when
/// it exceeds the run's limit.
///
/// | output | removed |
/// |---|---|
/// | of ended attempts | first, oldest first; the last entry is kept |
/// | cut to their last entry | next, oldest first, if the last entries exceed the limit |
/// | of running attempts | last: the older half of the largest |
///
/// The last entry of an output says how much is missing.
///
/// A value without I/O: its owner measures, and carries out the removals.
struct LogLedger: Sendable {
  /// The memory limit in bytes.
  let limit: Int
  private(set) var total = 0
  private var sizes: [JobID: Int] = [:]
  /// Jobs whose output may still grow.
  private(set) var open: Set<JobID> = []
  /// Ended jobs with output, in the order in which they ended.
  private var ended: Deque<JobID> = []
  /// Jobs that have only the last entry left.
  private var cut: Deque<JobID> = []

  /// Outputs up to this size, in bytes, are not cut: a stream with one entry takes up to 5 KB.
  static let markSize = 8192

  enum Removal: Equatable {
    /// Remove all but the last entry.
    case cut([JobID])
    case forget([JobID])
    /// Remove the older half.
    case halve([JobID])
  }

  init(limit: Int) { self.limit = limit }

  /// The attempt has started, and may write.
  mutating func attemptStarted(_ job: JobID) { open.insert(job) }

  /// An attempt has ended. With `mayGrow`, its executor was lost, and may still write.
  mutating func attemptEnded(_ job: JobID, mayGrow: Bool = false, hasOutput: Bool) {
    if !mayGrow { open.remove(job) }
    if hasOutput { ended.append(job) }
  }

  /// The output of the job now takes `bytes` in Redis; 0 when it is gone.
  mutating func measured(_ job: JobID, bytes: Int) {
    total += bytes - (sizes[job] ?? 0)
    sizes[job] = bytes == 0 ? nil : bytes
  }

  /// The next removal, or `nil` if the total is within the limit or nothing can be removed. After
  /// carrying it out, the caller calls `measured` with the new sizes.
  mutating func nextRemoval(atMost count: Int) -> Removal? {
    guard total > limit else { return nil }
    if let jobs = first(count, of: \.ended, where: { $0 > Self.markSize }) {
      cut.append(contentsOf: jobs)
      return .cut(jobs)
    }
    if let jobs = first(count, of: \.cut, where: { $0 > 0 }) { return .forget(jobs) }
    let largest = open.filter { sizes[$0, default: 0] > Self.markSize }
      .sorted { (sizes[$0, default: 0], "\($1)") > (sizes[$1, default: 0], "\($0)") }
    var excess = total - limit
    let jobs = largest.prefix(count).prefix { job in
      defer { excess -= sizes[job, default: 0] / 2 }
      return excess > 0
    }
    return jobs.isEmpty ? nil : .halve(Array(jobs))
  }

  /// Takes jobs from a queue until removing them frees enough memory. Jobs that are too small to
  /// cut move to `cut`.
  private mutating func first(
    _ count: Int, of queue: WritableKeyPath<LogLedger, Deque<JobID>>,
    where counts: (Int) -> Bool
  ) -> [JobID]? {
    var jobs: [JobID] = []
    var excess = total - limit
    while excess > 0, jobs.count < count, let job = self[keyPath: queue].popFirst() {
      let size = sizes[job] ?? 0
      if counts(size) {
        jobs.append(job)
        excess -= size
      } else if size > 0 {
        cut.append(job)
      }
    }
    return jobs.isEmpty ? nil : jobs
  }
}
