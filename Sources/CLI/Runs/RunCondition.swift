import Engine
import JSONValue
import JobProtocol
import Posix
import Redis
import Runner
import Runs
import Workflow

/// The condition of a run, for lists and for commands that must not touch live runs.
struct RunCondition: Sendable {
  enum Phase: Sendable {
    /// An engine drives the run.
    case running
    /// An engine is there, but the run is paused.
    case paused
    /// Nothing can run any more; the engine waits for requests of watchers.
    case open
    /// The engine has ended normally.
    case closed
    /// The engine has died.
    case interrupted
  }

  let phase: Phase
  let status: RunStatus
  /// `nil` if unknown.
  let counts: TaskCounts?
  /// When the counts were written, in milliseconds since 1970, if they may be outdated.
  var countsAsOf: Int?
  let startedAt: Int
  let settledAt: Int?
  let engine: EngineInfo?
  /// Whether the run is closed but its own Redis still runs, because the process that should
  /// have stopped it was killed.
  var hasOrphanedRedis = false
  /// Whether a user has stopped the run and its jobs are still ending.
  var isStopping = false

  /// Whether an engine is there.
  var isLive: Bool { phase == .running || phase == .paused || phase == .open }

  /// Whether a user stopped the run.
  var isStopped: Bool { phase == .closed && status == .cancelled }

  /// For example `running`, `stopping`, `failed, open`, `succeeded`, `interrupted`.
  var word: String {
    switch phase {
    case .running: isStopping ? "stopping" : "running"
    case .paused: "paused"
    case .open: "\(status.word), open"
    case .closed: status.word
    case .interrupted: "interrupted"
    }
  }
}

extension RunCondition {
  /// The condition as part of a sentence: `is running`, `is closed (failed)`.
  var sentence: String {
    switch phase {
    case .closed: "is closed (\(status.word))"
    case .interrupted: "is interrupted"
    case .running, .paused, .open: "is \(word)"
    }
  }

  /// Reads the condition from the run's Redis if that answers, else from the file that its
  /// engine wrote. Starts nothing.
  init(of found: FoundRun) {
    guard found.isReachable else {
      self.init(written: found)
      return
    }
    do {
      try self.init(at: found.url, found)
    } catch {
      self.init(written: found)
    }
  }

  private init(written found: FoundRun) {
    let file = found.directory.flatMap { RunStatusFile.read(in: $0) }
    let isLive = found.description.livingEngine != nil
    if let file {
      phase = Self.phase(of: file, hasEngine: isLive)
    } else {
      phase = isLive ? .running : .interrupted
    }
    status = file?.status ?? .running
    counts = file?.counts
    countsAsOf =
      phase == .interrupted && file != nil
      ? found.directory.flatMap { RunStatusFile.writtenAt(in: $0) } : nil
    startedAt = file?.startedAt ?? found.description.startedAt
    settledAt = file?.settledAt
    engine = isLive ? file?.engine : nil
    isStopping = isLive && file?.isStopping == true
  }

  private init(at url: RedisURL, _ found: FoundRun) throws(RedisError) {
    let summary = try RunSummary(found.run, at: url)
    if let condition = summary.standing {
      self.init(condition, found, hasEngine: summary.hasEngine)
    } else {
      self.init(written: found)
    }
  }

  private init(_ written: RunStatusFile, _ found: FoundRun, hasEngine: Bool) {
    phase = Self.phase(of: written, hasEngine: hasEngine)
    status = written.status
    counts = written.counts
    startedAt = written.startedAt ?? found.description.startedAt
    settledAt = written.settledAt
    engine = hasEngine ? written.engine : nil
    isStopping = written.isStopping
    hasOrphanedRedis =
      phase == .closed && !hasEngine && found.description.hasPrivateRedis
      && (!found.description.isOwnedByViewers || Self.isUnseen(found))
  }

  /// Whether nobody views the run: this process is the only client, and nobody holds the
  /// viewers' lock. A viewer that reads files has the lock without a connection.
  private static func isUnseen(_ found: FoundRun) -> Bool {
    guard let connection = try? RedisConnection(found.url),
      let clients = try? connection.call(RedisCommand("INFO", "clients")).string,
      clients.split(separator: "\r\n").contains("connected_clients:1")
    else { return false }
    guard let directory = found.directory else { return true }
    let file = directory.viewersLock
    guard Files.exists(file) else { return true }
    // The lock is released when `lock` goes out of scope.
    guard let lock = try? FileLock(file) else { return false }
    return lock.tryLock()
  }

  private static func phase(of written: RunStatusFile, hasEngine: Bool) -> Phase {
    if written.isFinished { return .closed }
    guard hasEngine else { return .interrupted }
    if written.settledAt != nil { return .open }
    return written.isPaused ? .paused : .running
  }
}
