public import JSONValue
import JobProtocol
import Posix

/// The content of `run.json` in a run's directory, by which the run is found again.
public struct RunDescription: Sendable, Equatable {
  public var run: String
  public var name: String
  public var workflowPath: String
  /// The URL of the run's Redis, now or formerly. For a given Redis, it has no password here. For
  /// the run's own Redis it has, for everybody who may read the run's private directory.
  public var redis: String
  public var hasPrivateRedis: Bool
  public var enginePid: Int
  public var startedAt: Int
  /// The secret by which the run's own Redis proves its identity, see `ServerIdentity`; `nil` for a
  /// given Redis, or if an earlier version has made the run.
  package var token: String?
  /// The engine's process; `nil` once the engine has ended but its process has not.
  var engine: ProcessIdentity?
  /// The host of that process.
  public internal(set) var host: String?
  /// Whether `engine` tells the engine's process from later processes with the same id. Earlier
  /// versions stored only the id.
  var namesEngine = false
  /// Whether the run's Redis belongs to viewers, because they have started it or an engine has left
  /// it to them, see `ViewerServer`.
  public var isOwnedByViewers = false
  /// The URL of the run's own Redis for foreign executors, with their password; `nil` if none need
  /// it.
  package var loopback: String?

  public init(
    run: String, name: String, workflowPath: String, redis: String, hasPrivateRedis: Bool,
    enginePid: Int, startedAt: Int
  ) {
    self.run = run
    self.name = name
    self.workflowPath = workflowPath
    self.redis = redis
    self.hasPrivateRedis = hasPrivateRedis
    self.enginePid = enginePid
    self.startedAt = startedAt
  }

  public var json: JSON {
    [
      "run": .string(run), "name": .string(name), "workflow": .string(workflowPath),
      "redis": .string(redis), "embedded": .bool(hasPrivateRedis), "enginePid": .int(enginePid),
      "startedAt": .int(startedAt), "revived": .bool(isOwnedByViewers),
      "loopback": loopback.map(JSON.string) ?? .null,
      "token": token.map(JSON.string) ?? .null,
      "host": host.map(JSON.string) ?? .null,
      "engine": namesEngine ? .string(engine?.text ?? "") : .null,
    ]
  }

  public init?(_ json: JSON) {
    guard let run = json["run"]?.string, let redis = json["redis"]?.string else { return nil }
    self.init(
      run: run, name: json["name"]?.string ?? "", workflowPath: json["workflow"]?.string ?? "",
      redis: redis, hasPrivateRedis: json["embedded"]?.bool ?? false,
      enginePid: json["enginePid"]?.int ?? 0, startedAt: json["startedAt"]?.int ?? 0)
    isOwnedByViewers = json["revived"]?.bool ?? false
    loopback = json["loopback"]?.string
    token = json["token"]?.string
    host = json["host"]?.string
    namesEngine = json["engine"]?.string != nil
    engine = json["engine"]?.string.flatMap { ProcessIdentity(parsing: $0) }
  }

  /// In a copy, the engine and the address for other executors are missing: they belong to the
  /// original.
  public static func read(in directory: RunDirectory) -> RunDescription? {
    guard var description = decode(in: directory) else { return nil }
    if description.original(of: directory) != nil {
      description.namesEngine = true
      description.engine = nil
      description.loopback = nil
    }
    return description
  }

  private static func decode(in directory: RunDirectory) -> RunDescription? {
    guard let bytes = try? directory.guarded("run.json").read(),
      let json = try? JSON(parsing: bytes)
    else { return nil }
    return RunDescription(json)
  }

  /// The description with the current path of the workflow: beside the run's directory, if both
  /// were moved or copied.
  public func located(by directory: RunDirectory) -> RunDescription {
    guard let here = directory.workflowDirectory else { return self }
    let run = Files.name(of: directory.path)
    let former = RunDirectory(besides: Files.parent(of: workflowPath), run: run)
    guard !former.isSame(as: directory) else { return self }
    var moved = self
    moved.workflowPath = Files.join(here, Files.name(of: workflowPath))
    return moved
  }

  /// The run's own directory if `directory` is a copy of it: it is still where the description, as
  /// it was read, says. `nil` for the run itself, also after it was moved.
  public func original(of directory: RunDirectory) -> RunDirectory? {
    let former = RunDirectory(
      besides: Files.parent(of: workflowPath), run: Files.name(of: directory.path))
    guard directory.workflowDirectory != nil, let here = Files.identity(directory.path),
      let existing = Files.identity(former.path),
      !existing.mayEqual(here), Self.decode(in: former)?.run == run
    else { return nil }
    return former
  }

  /// The workflow of the original run: `directory` is a copy.
  public static func original(of directory: RunDirectory) -> String? {
    guard let description = decode(in: directory), description.original(of: directory) != nil else {
      return nil
    }
    return description.workflowPath
  }

  package func write(in directory: RunDirectory) throws(RunnerError) {
    do {
      try Files.write(json.bytes, to: directory.description, mode: 0o600)
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }
}
