import JSONValue
import JobProtocol
import ShellText

/// A value of the sites file.
public enum SiteValue: Sendable, Equatable {
  case text(String)
  case number(Int)
  case list([String])
  /// Anything else, with its kind in words.
  case other(String)
}

extension SiteSettings {
  public static let slotRange = 1...1000
  private static let idleRange = 1...86_400

  /// Sets the value of a key of the sites file.
  public mutating func set(_ key: String, to value: SiteValue) throws(SiteMistake) {
    guard infrastructure.keys.contains(key) else { throw unknown(key) }
    switch key {
    case "slots": slots = try Self.number(value, Self.slotRange, key)
    case "memory": memory = try Self.bytes(value)
    case "container":
      guard case .text(let name) = value, let tool = ContainerTool(name: name) else {
        throw SiteMistake("container must be one of \(ContainerTool.names)")
      }
      container = tool
    case "idle": idle = try Self.number(value, Self.idleRange, key)
    case "executor":
      guard case .text(let path) = value, path.hasPrefix("/") || path.hasPrefix("~/") else {
        throw SiteMistake("executor must be an absolute path in quotes")
      }
      executor = path
      kubernetes.executor = path
    case "mode":
      guard case .text(let text) = value, let kind = Mode(rawValue: text) else {
        throw SiteMistake("mode must be \"workers\" or \"jobs\"")
      }
      mode = kind
    case "stage":
      guard case .text(let text) = value, let kind = Stage(rawValue: text) else {
        let all = Stage.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
        throw SiteMistake("stage must be \(all); leave it out where the directory is shared")
      }
      stage = kind
    case "directory":
      guard case .text(let path) = value, path.hasPrefix("/") || path.hasPrefix("~/") else {
        throw SiteMistake("directory must be an absolute path in quotes")
      }
      directory = path
    case "files":
      guard case .list(let paths) = value, paths.allSatisfy(Self.isBelow) else {
        throw SiteMistake("files must be a list of paths below the workflow, as in [\"bin\"]")
      }
      files = paths
    case "namespace", "context", "kubeconfig", "image", "template", "executor-image":
      guard case .text(let text) = value, !text.isEmpty else {
        throw SiteMistake("\(key) must be text in quotes")
      }
      kubernetes.set(key, to: text)
    case "hosts":
      switch value {
      case .text(let text): hosts = try HostEntry.list(text)
      case .list(let names): hosts = try HostEntry.list(names.joined(separator: ","))
      default: throw SiteMistake("hosts must be a list such as [\"h1\", \"h2*8\"]")
      }
    case "workers":
      switch value {
      case .text(let text): workers = try WorkerRange(text)
      case .number(let number): workers = try WorkerRange("\(number)")
      default: throw SiteMistake("workers must be a number, or \"0:20\" in quotes")
      }
    case "options":
      switch value {
      case .text(let text): try add(options: text)
      case .list(let options): try add(options: options)
      default: throw SiteMistake("options must be the options of sbatch in quotes")
      }
    default: throw unknown(key)
    }
  }

  private static func isBelow(_ path: String) -> Bool {
    !path.isEmpty && !path.hasPrefix("/") && !path.split(separator: "/").contains("..")
  }

  /// Adds options for the submission command, as a shell reads them.
  public mutating func add(options text: String) throws(SiteMistake) {
    try add(options: try Self.splitWords(text))
  }

  private mutating func add(options words: [String]) throws(SiteMistake) {
    let reserved = ["--job-name", "-J", "--array", "-a", "--wrap", "--chdir", "-D", "--parsable"]
    for word in words {
      let name = word.hasPrefix("--") ? String(word.prefix { $0 != "=" }) : String(word.prefix(2))
      guard !reserved.contains(name) else {
        throw SiteMistake(
          "\(name) is set by hflow-tui itself; leave it out of the options of sbatch")
      }
    }
    options += words
  }

  /// Reads options as a shell does.
  static func splitWords(_ text: String) throws(SiteMistake) -> [String] {
    guard let words = ShellWords.split(text) else {
      throw SiteMistake("a quote is not closed in: \(text)")
    }
    return words
  }

  private static func number(
    _ value: SiteValue, _ range: ClosedRange<Int>, _ key: String
  ) throws(SiteMistake) -> Int {
    guard case .number(let number) = value, range.contains(number) else {
      throw SiteMistake("\(key) must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private static func bytes(_ value: SiteValue) throws(SiteMistake) -> Int {
    let bytes: Int? =
      switch value {
      case .text(let text): Quantity.bytes(.string(text))
      case .number(let number): Quantity.bytes(.int(number))
      case .list, .other: nil
      }
    guard let bytes else { throw SiteMistake("memory must be a size such as \"16G\"") }
    return bytes
  }

  private func unknown(_ key: String) -> SiteMistake {
    SiteMistake(
      "unknown key \(key); a site on \(infrastructure.rawValue) has: "
        + (["infrastructure"] + infrastructure.keys).joined(separator: ", "))
  }
}
