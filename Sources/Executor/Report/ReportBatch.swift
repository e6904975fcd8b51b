import JobProtocol

/// Gathers reports, so that one entry of the stream has several.
///
/// | report | waits |
/// |---|---|
/// | taken, started | up to 5 ms, or until the job writes: a silent short job is one entry |
/// | finished | for the other ends of the same turn of the loop: a dependant may wait for it |
struct ReportBatch {
  /// One entry of a reports stream.
  struct Entry: Equatable {
    let stream: String
    var reports: [JobReport]

    /// The jobs whose ends it reports.
    var ended: [String] {
      reports.compactMap { if case .finished(let job, _, _, _) = $0 { job } else { nil } }
    }
  }

  static let gatherMilliseconds = 5
  private static let entryLimit = 100

  private var entries: [Entry] = []
  /// When the entries are to be sent (milliseconds, monotonic).
  private(set) var dueAt: Int?

  var isEmpty: Bool { entries.isEmpty }

  mutating func add(_ report: JobReport, to stream: String, now: Int) {
    let last = entries.lastIndex { $0.stream == stream }
    if let last, entries[last].reports.count < Self.entryLimit {
      entries[last].reports.append(report)
    } else {
      entries.append(Entry(stream: stream, reports: [report]))
    }
    dueAt = min(dueAt ?? .max, Self.isUrgent(report) ? now : now + Self.gatherMilliseconds)
  }

  mutating func removeAll() -> [Entry] {
    defer { self = ReportBatch() }
    return entries
  }

  private static func isUrgent(_ report: JobReport) -> Bool {
    switch report {
    case .taken, .started: false
    case .finished, .heartbeat, .gone, .refused: true
    }
  }
}
