/// A report of an executor: one entry of the reports stream.
///
/// An entry is a flat list of fields (`k` is the kind), so neither side parses JSON thousands
/// of times a second. Unknown fields are ignored; an entry without a required field is not a
/// report.
public enum JobReport: Sendable, Equatable {
  /// The executor has the message; the application has not started.
  case taken(job: String, by: ExecutorIdentity, at: Int)
  case started(job: String, by: ExecutorIdentity, pid: Int, at: Int)
  case finished(job: String, outcome: JobOutcome, usage: JobUsage, at: Int)
  /// A worker is alive.
  case heartbeat(WorkerHealth, at: Int)
  /// A worker exits normally.
  case gone(worker: String, at: Int)
  /// An executor did not start a job that was already taken. This is not the job's end.
  case refused(job: String, by: ExecutorIdentity, reason: String, at: Int)
}

/// The executor of a job. Times in reports are milliseconds since 1970 on its clock.
public struct ExecutorIdentity: Sendable, Equatable {
  /// Unique to the process, for example `node-a-4711`.
  public var name: String
  public var host: String
  public var pid: Int

  public init(name: String, host: String, pid: Int) {
    self.name = name
    self.host = host
    self.pid = pid
  }
}

/// The resources that a job used, and its last line of output.
public struct JobUsage: Sendable, Equatable {
  /// The time from the start of the application to its end.
  public var wallMilliseconds = 0
  public var userMilliseconds = 0
  public var systemMilliseconds = 0
  public var maxResidentKilobytes = 0
  /// To and from storage, in bytes.
  public var bytesRead = 0
  public var bytesWritten = 0
  /// Length of the streams, in bytes.
  public var standardOutputBytes = 0
  public var standardErrorBytes = 0
  /// The last line of standard error, else of standard output; of a failed job, the line that
  /// explains the failure. Shortened, not sanitised; empty if there is none.
  public var lastLine = ""
  /// Which declared files were missing, as one line; empty if none was, or if that failed the job.
  public var missingFiles = ""
  /// The text of `FileStamps`; empty for a job without declared files.
  public var fileStamps = ""

  public init() {}
}

extension JobReport {
  /// The fields of the entry, in order.
  public var fields: [(String, String)] {
    switch self {
    case .taken(let job, let executor, let time):
      [("k", "taken"), ("j", job), ("t", "\(time)")] + executor.fields
    case .started(let job, let executor, let pid, let time):
      [("k", "started"), ("j", job), ("t", "\(time)"), ("pid", "\(pid)")] + executor.fields
    case .finished(let job, let outcome, let usage, let time):
      [("k", "finished"), ("j", job), ("t", "\(time)")] + outcome.fields + usage.fields
        + usage.texts
    case .heartbeat(let health, let time):
      [
        ("k", "heartbeat"), ("t", "\(time)"), ("slots", "\(health.slots)"),
        ("busy", "\(health.busy)"), ("load", "\(health.loadPercent)"),
        ("used", "\(health.memoryUsed)"), ("total", "\(health.memoryTotal)"),
        ("draining", health.isDraining ? "1" : "0"),
      ] + health.bookings + (health.problem.isEmpty ? [] : [("trouble", health.problem)])
        + health.executor.fields
    case .gone(let worker, let time):
      [("k", "gone"), ("w", worker), ("t", "\(time)")]
    case .refused(let job, let executor, let reason, let time):
      [("k", "refused"), ("j", job), ("t", "\(time)"), ("why", reason)] + executor.fields
    }
  }

  public init?(fields: [(String, String)]) {
    let values = Dictionary(fields, uniquingKeysWith: { first, _ in first })
    let time = values["t"].flatMap { Int($0) } ?? 0
    switch values["k"] {
    case "taken":
      guard let job = values["j"] else { return nil }
      self = .taken(job: job, by: ExecutorIdentity(values), at: time)
    case "started":
      guard let job = values["j"] else { return nil }
      self = .started(
        job: job, by: ExecutorIdentity(values), pid: values.number("pid"), at: time)
    case "finished":
      guard let job = values["j"], let outcome = JobOutcome(values) else { return nil }
      self = .finished(job: job, outcome: outcome, usage: JobUsage(values), at: time)
    case "heartbeat":
      var health = WorkerHealth(
        executor: ExecutorIdentity(values), slots: values.number("slots"),
        busy: values.number("busy"), loadPercent: values.number("load"),
        memoryUsed: values.number("used"), memoryTotal: values.number("total"),
        isDraining: values["draining"] == "1", problem: values["trouble"] ?? "", time: time)
      health.bookedSlots = values.number("bookedSlots")
      health.bookedMemory = values.number("bookedMemory")
      self = .heartbeat(health, at: time)
    case "gone":
      guard let worker = values["w"] else { return nil }
      self = .gone(worker: worker, at: time)
    case "refused":
      guard let job = values["j"] else { return nil }
      self = .refused(
        job: job, by: ExecutorIdentity(values), reason: values["why"] ?? "", at: time)
    default: return nil
    }
  }
}

extension WorkerHealth {
  /// Only what is booked.
  fileprivate var bookings: [(String, String)] {
    [("bookedSlots", bookedSlots), ("bookedMemory", bookedMemory)]
      .compactMap { $1 > 0 ? ($0, "\($1)") : nil }
  }
}

extension ExecutorIdentity {
  fileprivate var fields: [(String, String)] { [("w", name), ("h", host), ("p", "\(pid)")] }

  fileprivate init(_ values: [String: String]) {
    self.init(
      name: values["w"] ?? "?", host: values["h"] ?? "?", pid: values.number("p"))
  }
}

extension JobOutcome {
  fileprivate var fields: [(String, String)] {
    switch self {
    case .succeeded: [("o", "ok")]
    case .failed(let cause): [("o", cause.word), ("a", cause.argument)]
    }
  }

  fileprivate init?(_ values: [String: String]) {
    guard let word = values["o"] else { return nil }
    if word == "ok" {
      self = .succeeded
    } else if let cause = FailureCause(word: word, argument: values["a"] ?? "") {
      self = .failed(cause)
    } else {
      return nil
    }
  }
}

extension JobUsage {
  fileprivate static let table: [(String, any WritableKeyPath<JobUsage, Int> & Sendable)] = [
    ("wall", \.wallMilliseconds), ("user", \.userMilliseconds), ("sys", \.systemMilliseconds),
    ("rss", \.maxResidentKilobytes), ("rd", \.bytesRead), ("wr", \.bytesWritten),
    ("out", \.standardOutputBytes), ("err", \.standardErrorBytes),
  ]

  /// The figures; zeros are left out.
  public var fields: [(String, String)] {
    Self.table.compactMap { name, path in
      self[keyPath: path] == 0 ? nil : (name, "\(self[keyPath: path])")
    }
  }

  public init(_ values: [String: String]) {
    for (name, path) in Self.table { self[keyPath: path] = values.number(name) }
    for (name, path) in Self.textTable { self[keyPath: path] = values[name] ?? "" }
  }

  private static let textTable: [(String, any WritableKeyPath<JobUsage, String> & Sendable)] = [
    ("say", \.lastLine), ("missing", \.missingFiles), ("stamps", \.fileStamps),
  ]

  /// The texts; empty ones are left out.
  public var texts: [(String, String)] {
    Self.textTable.compactMap { name, path in
      self[keyPath: path].isEmpty ? nil : (name, self[keyPath: path])
    }
  }
}

extension [String: String] {
  /// The number of a field; 0 if it is missing or invalid, because measurements are not worth
  /// an error.
  fileprivate func number(_ key: String) -> Int { self[key].flatMap { Int($0) } ?? 0 }
}
