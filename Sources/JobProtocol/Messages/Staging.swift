public import JSONValue

/// A file that travels between the run's directory and a host without it.
public struct StagedFile: Sendable, Equatable {
  /// Below the directory of the run's jobs.
  public var path: String
  /// Whether the job cannot do without it.
  public var isRequired: Bool
  /// In bytes, where the copy comes from; `nil` if it is not there, or is not a regular file.
  public var size: Int?
  /// When it was changed, in seconds since 1970.
  public var time: Int?

  public init(path: String, isRequired: Bool, size: Int? = nil, time: Int? = nil) {
    self.path = path
    self.isRequired = isRequired
    self.size = size
    self.time = time
  }

  var json: JSON {
    var members = JSONObject()
    members["path"] = .string(path)
    members["required"] = .bool(isRequired)
    members["size"] = size.map(JSON.int)
    members["time"] = time.map(JSON.int)
    return .object(members)
  }

  init?(_ json: JSON) {
    guard let path = json["path"]?.string else { return nil }
    self.init(
      path: path, isRequired: json["required"]?.bool ?? false, size: json["size"]?.int,
      time: json["time"]?.int)
  }

  /// The path below a root of something that a job in a directory below it names; `nil` if it is
  /// not below the root, or has a part `..`.
  public static func path(of name: String, in directory: String, root: String) -> String? {
    let full = name.hasPrefix("/") ? name : "\(directory)/\(name)"
    let parts = full.split(separator: "/").filter { $0 != "." }
    let rootParts = root.split(separator: "/").filter { $0 != "." }
    guard parts.count > rootParts.count, parts.starts(with: rootParts), !parts.contains("..")
    else { return nil }
    return parts.dropFirst(rootParts.count).joined(separator: "/")
  }
}

/// What a worker on a host without the run's directory asks of its site: to copy the files of one
/// job. One line of JSON.
public struct StageRequest: Sendable, Equatable {
  public enum Direction: String, Sendable {
    /// Inputs to the host, before the job starts.
    case `in`
    /// Outputs to the run's directory, before the job counts as ended.
    case out
  }

  /// Names the request on its host.
  public var id: String
  public var job: String
  public var direction: Direction
  public var files: [StagedFile]

  public init(id: String, job: String, direction: Direction, files: [StagedFile]) {
    self.id = id
    self.job = job
    self.direction = direction
    self.files = files
  }

  public var json: JSON {
    [
      "id": .string(id), "job": .string(job), "direction": .string(direction.rawValue),
      "files": .array(files.map(\.json)),
    ]
  }

  /// `nil` if it is none, or if it names files that are not below the run's directory.
  public init?(_ bytes: [UInt8]) {
    guard let json = try? JSON(parsing: bytes), let id = json["id"]?.string,
      let job = json["job"]?.string,
      let direction = json["direction"]?.string.flatMap(Direction.init),
      !id.isEmpty, id.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == "-") })
    else { return nil }
    let files = (json["files"]?.array ?? []).compactMap(StagedFile.init)
    guard files.allSatisfy({ StagedFile.path(of: $0.path, in: "", root: "") == $0.path }) else {
      return nil
    }
    self.init(id: id, job: job, direction: direction, files: files)
  }
}

/// The site's answer.
public struct StageAnswer: Sendable, Equatable {
  /// Why the job cannot have its files; `nil` if they were copied.
  public var failure: String?
  /// The files as they are where the copies came from.
  public var files: [StagedFile]

  public init(failure: String? = nil, files: [StagedFile] = []) {
    self.failure = failure
    self.files = files
  }

  public var json: JSON {
    var members = JSONObject()
    members["failure"] = failure.map(JSON.string)
    members["files"] = .array(files.map(\.json))
    return .object(members)
  }

  public init?(_ bytes: [UInt8]) {
    guard let json = try? JSON(parsing: bytes), json.object != nil else { return nil }
    self.init(
      failure: json["failure"]?.string,
      files: (json["files"]?.array ?? []).compactMap(StagedFile.init))
  }
}
