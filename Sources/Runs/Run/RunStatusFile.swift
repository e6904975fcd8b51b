@preconcurrency import Dispatch
public import Engine
public import JSONValue
package import Logging
import Posix
import Synchronization

/// The status of a run as its engine last wrote it: `status.json` in the run's directory, and the
/// same text in the field `status` of `hf:<run>:info`.
///
/// The engine writes the file when it starts, when the run settles and closes, and with each
/// renewal of the lease. So a list of runs needs neither their Redis nor their journals; the counts
/// of a killed engine are some seconds old. The field is written with each renewal, and whenever
/// the run's condition in lists changes.
public struct RunStatusFile: Sendable, Equatable {
  public var status: RunStatus
  public var counts: TaskCounts
  public var startedAt: Int?
  public var settledAt: Int?
  public var isPaused = false
  /// A user has stopped the run, and its jobs are ending.
  public var isStopping = false
  /// The engine that wrote this.
  public var engine: EngineInfo?
  /// The engine has closed the run: its journal is complete.
  public var isFinished: Bool

  public init(_ state: RunState) {
    status = state.status
    counts = state.counts
    startedAt = state.startedAt
    settledAt = state.settledAt
    isFinished = state.isFinished
    isPaused = state.isPaused
    isStopping = state.isStopping
    engine = state.engine
  }

  package init(_ tally: RunTally, _ counts: TaskCounts) {
    status = tally.status
    self.counts = counts
    startedAt = tally.startedAt
    settledAt = tally.settledAt
    isFinished = tally.isFinished
    isPaused = tally.isPaused
    isStopping = tally.isStopping
    engine = tally.engine
  }

  /// What decides the run's condition in lists; a change is written at once.
  package struct Word: Equatable {
    let status: RunStatus
    let isSettled: Bool
    let isPaused: Bool
    let isStopping: Bool
    let isFinished: Bool
    let engine: EngineInfo?

    package init(_ tally: RunTally) {
      status = tally.status
      isSettled = tally.settledAt != nil
      isPaused = tally.isPaused
      isStopping = tally.isStopping
      isFinished = tally.isFinished
      engine = tally.engine
    }
  }

  /// Replaces the former file atomically.
  public static func write(
    _ state: RunState, in directory: RunDirectory
  ) throws(RunnerError) {
    try RunStatusFile(state).write(in: directory)
  }

  package func write(in directory: RunDirectory) throws(RunnerError) {
    do {
      try Files.write(json.bytes, to: Self.path(in: directory), mode: 0o600)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  /// Returns `nil` if there is no readable file.
  public static func read(in directory: RunDirectory) -> RunStatusFile? {
    guard let bytes = try? directory.guarded("status.json").read(),
      let json = try? JSON(parsing: bytes)
    else { return nil }
    return RunStatusFile(json)
  }

  /// When the file was written, in milliseconds since 1970.
  public static func writtenAt(in directory: RunDirectory) -> Int? {
    Files.modified(path(in: directory))
  }

  private static func path(in directory: RunDirectory) -> String {
    Files.join(directory.path, "status.json")
  }
}

extension RunStatusFile {
  public var json: JSON {
    var members = JSONObject()
    members["status"] = .string(status.rawValue)
    members["tasks"] = .object(
      JSONObject(TaskState.allCases.map { ("\($0)", .int(counts[$0])) }))
    members["startedAt"] = startedAt.map(JSON.int)
    members["settledAt"] = settledAt.map(JSON.int)
    members["finished"] = .bool(isFinished)
    members["paused"] = .bool(isPaused)
    members["stopping"] = .bool(isStopping)
    members["engine"] = engine.map { engine in
      [
        "host": .string(engine.host), "pid": .int(engine.pid), "takeOvers": .int(engine.takeOvers),
      ]
    }
    return .object(members)
  }

  public init?(_ json: JSON) {
    guard let status = json["status"]?.string.flatMap(RunStatus.init(rawValue:)) else {
      return nil
    }
    self.status = status
    counts = TaskCounts()
    for state in TaskState.allCases { counts[state] = max(0, json["tasks"]?["\(state)"]?.int ?? 0) }
    startedAt = json["startedAt"]?.int
    settledAt = json["settledAt"]?.int
    isFinished = json["finished"]?.bool ?? false
    isStopping = json["stopping"]?.bool ?? false
    isPaused = json["paused"]?.bool ?? false
    engine = json["engine"].flatMap { engine in
      guard let host = engine["host"]?.string, let pid = engine["pid"]?.int else { return nil }
      return EngineInfo(host: host, pid: pid, takeOvers: engine["takeOvers"]?.int ?? 0)
    }
  }
}

/// Writes `status.json` on a queue of its own, so that no turn of the engine waits for a disk. If
/// several are waiting, only the latest is written.
package final class StatusWriter: Sendable {
  private struct State {
    /// Waiting to be written.
    var next: RunStatusFile?
    var written: RunStatusFile?
  }

  private let directory: RunDirectory
  private let log: Logger
  private let queue = DispatchQueue(label: "status.json")
  private let state = Mutex(State())

  package init(directory: RunDirectory, log: Logger) {
    self.directory = directory
    self.log = log
  }

  package func write(_ status: RunStatusFile) {
    let isFirst = state.withLock { state in
      defer { state.next = status }
      return state.next == nil
    }
    if isFirst { queue.async { self.writeNext() } }
  }

  /// Returns when everything given before is written, or after the given time.
  package func flush(milliseconds: Int) async {
    let queue = queue
    await Ticker.wait(atMost: milliseconds) {
      await withCheckedContinuation { written in queue.async { written.resume() } }
    }
  }

  private func writeNext() {
    let status = state.withLock { state in
      defer { state.next = nil }
      return state.next == state.written ? nil : state.next
    }
    guard let status else { return }
    do {
      try status.write(in: directory)
      state.withLock { $0.written = status }
    } catch {
      log.error("\(error)")
    }
  }
}
