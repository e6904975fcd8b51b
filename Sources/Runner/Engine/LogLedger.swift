import DequeModule
import JobProtocol

/// How much memory the output of a run's jobs takes in Redis, and which of it goes first when that
/// is more than the run may use.
///
/// | output | goes |
/// |---|---|
/// | of attempts that have ended | first, the oldest first; the last entry stays |
/// | of which only that is left | next, the oldest first, if the last entries alone are too much |
/// | of attempts that run | last, the older half of the largest |
///
/// The last entry of an output tells how much is missing.
///
/// A value: whoever keeps it measures, and carries out what it says.
struct LogLedger: Sendable {
  /// In bytes.
  let limit: Int
  private(set) var total = 0
  private var sizes: [JobID: Int] = [:]
  /// May still grow.
  private(set) var open: Set<JobID> = []
  /// In the order in which they ended.
  private var ended: Deque<JobID> = []
  /// Those of which only the last entry is left.
  private var cut: Deque<JobID> = []

  /// What is not larger than this is not worth cutting: a stream with one entry takes up to 5 KB.
  static let markSize = 8192

  enum Removal: Equatable {
    /// All but the last entry.
    case cut([JobID])
    case forget([JobID])
    /// The older half.
    case halve([JobID])
  }

  init(limit: Int) { self.limit = limit }

  /// The attempt writes from now on.
  mutating func begins(_ job: JobID) { open.insert(job) }

  /// An attempt has ended. `mayGrow`: its executor was cut off, and may have more to say.
  mutating func ends(_ job: JobID, mayGrow: Bool = false, hasOutput: Bool) {
    if !mayGrow { open.remove(job) }
    if hasOutput { ended.append(job) }
  }

  /// Its output takes so many bytes now.
  mutating func measured(_ job: JobID, bytes: Int) {
    total += bytes - (sizes[job] ?? 0)
    sizes[job] = bytes == 0 ? nil : bytes
  }

  /// What is to go next, until the total is no more than the limit; `nil` when nothing is. What
  /// becomes of it is to be told with `measured`.
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

  /// Takes jobs off a queue until enough memory is free without them. Small ones of those that
  /// ended are kept among the cut ones.
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
