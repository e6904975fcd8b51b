import JSONValue

/// The work of a `ContainerSupervisor`. It is an argument of its process, so it has no secrets.
struct ContainerOrder: Equatable {
  /// The path of the tool, and its arguments.
  var program: String
  var arguments: [String]
  /// The container to remove in the end; `nil`: the supervisor becomes the tool.
  var name: String?
  /// Only these variables are for the tool, without their prefix; `nil`: all.
  var prefix: String?
  /// The image that must exist first; `nil` if it is known to exist.
  var image: Image?
  /// The label of containers on this host; those whose executor is dead are removed first. `nil`:
  /// none.
  var strayLabel: String?

  struct Image: Equatable {
    /// A command that succeeds if the image exists; if empty, `path` is checked.
    var check: [String]
    /// A file or directory that exists if the image exists.
    var path: String?
    var pull: [String]
    /// The file that a pull writes; it is renamed to `path`.
    var pulled: String?
    /// The file whose lock a pull holds.
    var lock: String
    /// Seconds.
    var limit: Int
  }

  var json: JSON {
    var members = JSONObject()
    members["program"] = .string(program)
    members["arguments"] = .array(arguments.map(JSON.string))
    members["name"] = name.map(JSON.string)
    members["prefix"] = prefix.map(JSON.string)
    members["strayLabel"] = strayLabel.map(JSON.string)
    if let image {
      var inner = JSONObject()
      inner["check"] = .array(image.check.map(JSON.string))
      inner["path"] = image.path.map(JSON.string)
      inner["pull"] = .array(image.pull.map(JSON.string))
      inner["pulled"] = image.pulled.map(JSON.string)
      inner["lock"] = .string(image.lock)
      inner["limit"] = .int(image.limit)
      members["image"] = .object(inner)
    }
    return .object(members)
  }
}

extension ContainerOrder {
  /// `nil` if the text is not an order.
  init?(parsing text: String) {
    guard let value = try? JSON(parsing: Array(text.utf8)),
      let program = value["program"]?.string,
      let arguments = value["arguments"]?.array?.compactMap(\.string)
    else { return nil }
    self.init(
      program: program, arguments: arguments, name: value["name"]?.string,
      prefix: value["prefix"]?.string, strayLabel: value["strayLabel"]?.string)
    guard let inner = value["image"] else { return }
    func words(_ key: String) -> [String] { inner[key]?.array?.compactMap(\.string) ?? [] }
    image = Image(
      check: words("check"), path: inner["path"]?.string, pull: words("pull"),
      pulled: inner["pulled"]?.string, lock: inner["lock"]?.string ?? "",
      limit: inner["limit"]?.int ?? 0)
  }
}

/// A line from the supervisor to its executor.
enum ContainerNews: Equatable {
  case pulling
  /// The tool starts the command.
  case running
  /// The image could not be pulled; `isLate` if that took too long.
  case notPulled(isLate: Bool)
  /// The tool has ended. `hasStarted`: the command ran, so the exit code is its own.
  case ended(hasStarted: Bool, isOutOfMemory: Bool, error: String)

  var line: String {
    switch self {
    case .pulling: "pulling\n"
    case .running: "running\n"
    case .notPulled(let isLate): isLate ? "late\n" : "notPulled\n"
    case .ended(let hasStarted, let isOutOfMemory, let error):
      "ended \(hasStarted ? 1 : 0) \(isOutOfMemory ? 1 : 0) "
        + error.map { $0.isNewline ? " " : String($0) }.joined() + "\n"
    }
  }

  init?(line: some StringProtocol) {
    let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
    switch words[0] {
    case "pulling": self = .pulling
    case "running": self = .running
    case "notPulled": self = .notPulled(isLate: false)
    case "late": self = .notPulled(isLate: true)
    case "ended":
      guard words.count == 4 else { return nil }
      self = .ended(
        hasStarted: words[1] == "1", isOutOfMemory: words[2] == "1", error: String(words[3]))
    default: return nil
    }
  }
}
