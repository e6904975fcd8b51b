public import JSONValue
import JobProtocol
import Posix

/// What `run.json` in a run's directory says, so that the run can be found again.
public struct RunDescription: Sendable, Equatable {
  public var run: String
  public var name: String
  public var workflowPath: String
  /// Where its Redis is or was. A given Redis stands here without its password; that of the run's
  /// own Redis is for whoever may read the run's private directory.
  public var redis: String
  public var isEmbedded: Bool
  public var enginePid: Int
  public var startedAt: Int
  /// Its Redis belongs to those who look at the run, who have started it again or to whom an engine
  /// has left it, see `RunReviver`.
  public var isRevived = false
  /// Where executors of another make reach the run's own Redis, with their password; `nil` where
  /// none need it.
  var loopback: String?

  public init(
    run: String, name: String, workflowPath: String, redis: String, isEmbedded: Bool,
    enginePid: Int, startedAt: Int
  ) {
    self.run = run
    self.name = name
    self.workflowPath = workflowPath
    self.redis = redis
    self.isEmbedded = isEmbedded
    self.enginePid = enginePid
    self.startedAt = startedAt
  }

  public var json: JSON {
    [
      "run": .string(run), "name": .string(name), "workflow": .string(workflowPath),
      "redis": .string(redis), "embedded": .bool(isEmbedded), "enginePid": .int(enginePid),
      "startedAt": .int(startedAt), "revived": .bool(isRevived),
      "loopback": loopback.map(JSON.string) ?? .null,
    ]
  }

  public init?(_ json: JSON) {
    guard let run = json["run"]?.string, let redis = json["redis"]?.string else { return nil }
    self.init(
      run: run, name: json["name"]?.string ?? "", workflowPath: json["workflow"]?.string ?? "",
      redis: redis, isEmbedded: json["embedded"]?.bool ?? false,
      enginePid: json["enginePid"]?.int ?? 0, startedAt: json["startedAt"]?.int ?? 0)
    isRevived = json["revived"]?.bool ?? false
    loopback = json["loopback"]?.string
  }

  public static func read(in directory: RunDirectory) -> RunDescription? {
    guard let bytes = try? Files.readRegular(directory.description),
      let json = try? JSON(parsing: bytes)
    else { return nil }
    return RunDescription(json)
  }

  func write(in directory: RunDirectory) throws(RunnerError) {
    do {
      try Files.write(json.bytes, to: directory.description, mode: 0o600)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }
}
