public import Engine
public import JSONValue
import Posix

/// How a run stood when its engine last said so: `status.json` in the run's directory, and the
/// same text in the field `status` of `hf:<run>:info`.
///
/// The engine writes it when the run settles and when it closes, so that a list of runs needs
/// neither their Redis nor their journals. A run that goes on or was interrupted has an older one
/// or none.
public struct RunStatusFile: Sendable, Equatable {
  public var status: RunStatus
  public var counts: TaskCounts
  public var startedAt: Int?
  public var settledAt: Int?
  /// The engine closed the run: everything that is to be known of it is in its journal.
  public var isFinished: Bool

  public init(_ state: RunState) {
    status = state.status
    counts = state.counts
    startedAt = state.startedAt
    settledAt = state.settledAt
    isFinished = state.isFinished
  }

  /// Puts it in the place of the former one, at once.
  public static func write(
    _ state: RunState, in directory: RunDirectory
  ) throws(RunnerError) {
    do {
      try Files.write(RunStatusFile(state).json.bytes, to: path(in: directory), mode: 0o600)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }

  /// `nil` when there is none that can be understood.
  public static func read(in directory: RunDirectory) -> RunStatusFile? {
    guard let bytes = try? Files.read(path(in: directory)), let json = try? JSON(parsing: bytes)
    else { return nil }
    return RunStatusFile(json)
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
  }
}
