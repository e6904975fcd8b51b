import Engine
import JSONValue
import JobProtocol
import Posix
import Redis
import Runner
import Workflow

/// How a run stands, for lists and for commands that must leave live runs alone.
struct RunStanding: Sendable {
  enum Phase: Sendable {
    /// An engine drives it, and there is something to do.
    case running
    /// An engine is there and could go on, but a person wants no new jobs.
    case paused
    /// It can go no further; its engine waits for what the watchers say.
    case open
    /// Its engine has ended in order.
    case closed
    /// Its engine is gone without having ended it.
    case interrupted
  }

  let phase: Phase
  let status: RunStatus
  /// `nil` when nobody knows.
  let counts: TaskCounts?
  /// When that was, of a run that may have got further than anybody can tell; milliseconds since
  /// 1970.
  var countsAsOf: Int?
  let startedAt: Int
  let settledAt: Int?
  let engine: EngineInfo?
  /// It is closed, and its own Redis still runs though nobody needs it: who should have ended it,
  /// its engine or somebody who looked at the run, was killed.
  var leavesRedis = false
  /// A person has stopped it, and its jobs are being ended.
  var isStopping = false

  /// Whether an engine is there.
  var isLive: Bool { phase == .running || phase == .paused || phase == .open }

  /// A person ended it before it was over.
  var isStopped: Bool { phase == .closed && status == .cancelled }

  /// `running`, `stopping`, `failed, open`, `succeeded`, `interrupted`.
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

extension RunStanding {
  /// `is running`, `is closed (failed)`: for sentences.
  var sentence: String {
    switch phase {
    case .closed: "is closed (\(status.word))"
    case .interrupted: "is interrupted"
    case .running, .paused, .open: "is \(word)"
    }
  }

  /// Looks at the run's Redis where it answers, else at what its engine has written down. Nothing
  /// is started for it.
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
    let glance = try RunGlance(found.run, at: url)
    if let standing = glance.standing {
      self.init(standing, found, hasEngine: glance.hasEngine)
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
    leavesRedis =
      phase == .closed && !hasEngine && found.description.isEmbedded
      && (!found.description.isRevived || Self.isUnseen(found))
  }

  /// Whether nobody looks at it: nobody but us is connected, and nobody has the lock of those who
  /// look, which one who reads files has without a connection.
  private static func isUnseen(_ found: FoundRun) -> Bool {
    guard let connection = try? RedisConnection(found.url),
      let clients = try? connection.call(RedisCommand("INFO", "clients")).string,
      clients.split(separator: "\r\n").contains("connected_clients:1")
    else { return false }
    guard let directory = found.directory else { return true }
    let file = directory.lookersLock
    guard Files.exists(file) else { return true }
    // Released at once, with the value.
    guard let lock = try? FileLock(file) else { return false }
    return lock.takeAtOnce()
  }

  private static func phase(of written: RunStatusFile, hasEngine: Bool) -> Phase {
    if written.isFinished { return .closed }
    guard hasEngine else { return .interrupted }
    if written.settledAt != nil { return .open }
    return written.isPaused ? .paused : .running
  }
}
