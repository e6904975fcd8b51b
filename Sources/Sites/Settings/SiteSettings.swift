public import JSONValue
public import JobProtocol

/// A named place where jobs run: an infrastructure and its settings.
public struct SiteSettings: Sendable, Equatable {
  public var name: String
  public var infrastructure: Infrastructure
  /// Jobs at a time on each worker; `nil` lets the worker decide.
  public var slots: Int?
  /// The memory that each worker may give to jobs, in bytes; `nil`: what its host has.
  public var memory: Int?
  /// The tool for containers; `nil`: what the workers' hosts have.
  public var container: ContainerTool?
  /// The hosts of an ssh site.
  public var hosts: [HostEntry] = []
  /// The path of the executor there; `nil` to look for it.
  public var executor: String?
  /// How many workers to request from a scheduler.
  public var workers = WorkerRange.standard
  /// Options for the scheduler's submission command, passed on as they are.
  public var options: [String] = []
  /// How the files of jobs reach hosts that do not share the run's directory; `nil`: they share it.
  public var stage: Stage?
  /// Where copied files are on a host; `nil` for the user's cache directory there.
  public var directory: String?
  /// Files below the run's directory that are copied to each host besides the inputs of jobs.
  public var files: [String] = []
  /// Whether each job is one of the scheduler's own.
  public var mode = Mode.workers
  /// Seconds without a job after which a worker of a scheduler exits.
  public var idle = 30
  public var kubernetes = KubernetesSettings()
  /// The pool that its workers serve; `nil` for a site that a user has named.
  public var pool: SitePool?

  public enum Mode: String, Sendable, CaseIterable {
    /// The scheduler gets workers, which take jobs from Redis.
    case workers
    /// The scheduler gets each job.
    case jobs
  }

  public enum Stage: String, Sendable, CaseIterable {
    case rsync
  }

  public var isStaged: Bool { stage != nil }

  /// Whether each job is one of the infrastructure's own, instead of going to a worker.
  public var runsJobs: Bool { mode == .jobs }

  public init(name: String, infrastructure: Infrastructure) {
    self.name = name
    self.infrastructure = infrastructure
    mode = Self.standardMode(of: infrastructure)
  }

  private static func standardMode(of infrastructure: Infrastructure) -> Mode {
    infrastructure == .kubernetes ? .jobs : .workers
  }

  /// The slots of its largest worker; `nil` if the workers decide.
  public var mostSlots: Int? {
    let all = hosts.isEmpty ? [slots] : hosts.map { $0.slots ?? slots }
    return all.contains(nil) ? nil : all.compactMap(\.self).max()
  }

  /// Options of the site's workers besides their number of slots.
  public var workerOptions: [String] {
    (memory.map { ["--memory", "\($0)"] } ?? [])
      + (container.map { ["--container-tool", $0.rawValue] } ?? [])
  }

  public var json: JSON {
    var members = JSONObject()
    members["name"] = .string(name)
    members["infrastructure"] = .string(infrastructure.rawValue)
    members["slots"] = slots.map(JSON.int)
    members["memory"] = memory.map(JSON.int)
    members["container"] = container.map { .string($0.rawValue) }
    members["hosts"] = .array(hosts.map { .string($0.text) })
    members["executor"] = executor.map(JSON.string)
    members["workers"] = .string(workers.text)
    members["options"] = .array(options.map(JSON.string))
    members["idle"] = .int(idle)
    if mode != Self.standardMode(of: infrastructure) { members["mode"] = .string(mode.rawValue) }
    members["stage"] = stage.map { .string($0.rawValue) }
    members["directory"] = directory.map(JSON.string)
    if !files.isEmpty { members["files"] = .array(files.map(JSON.string)) }
    if infrastructure == .kubernetes { members["kubernetes"] = kubernetes.json }
    return .object(members)
  }

  /// `nil` if invalid.
  public init?(_ json: JSON) {
    guard let name = json["name"]?.string,
      let infrastructure = json["infrastructure"]?.string.flatMap(Infrastructure.init)
    else { return nil }
    self.init(name: name, infrastructure: infrastructure)
    slots = json["slots"]?.int
    memory = json["memory"]?.int
    container = json["container"]?.string.flatMap(ContainerTool.init(name:))
    hosts = json["hosts"]?.array?.compactMap(\.string).compactMap { try? HostEntry($0) } ?? []
    executor = json["executor"]?.string
    workers = json["workers"]?.string.flatMap { try? WorkerRange($0) } ?? workers
    options = json["options"]?.array?.compactMap(\.string) ?? []
    idle = json["idle"]?.int ?? idle
    mode = json["mode"]?.string.flatMap(Mode.init) ?? mode
    stage = json["stage"]?.string.flatMap(Stage.init)
    directory = json["directory"]?.string
    files = json["files"]?.array?.compactMap(\.string) ?? []
    kubernetes = KubernetesSettings(json["kubernetes"])
  }
}

/// A mistake in an option or in the sites file: what, where and what to do, in one line.
public struct SiteMistake: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

/// A host of an ssh site: a name as `ssh` takes it, with the number of slots: `h1`, `ada@h2*8`.
public struct HostEntry: Sendable, Equatable {
  public var name: String
  public var slots: Int?

  public init(_ text: String) throws(SiteMistake) {
    let parts = text.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
    name = String(parts[0])
    guard !name.isEmpty, !name.hasPrefix("-"), name.allSatisfy(Self.isAllowed) else {
      throw SiteMistake("\"\(text)\" is not a host; write h1, user@h1 or h1*8 (8 slots)")
    }
    guard parts.count == 2 else { return }
    guard let number = Int(parts[1]), SiteSettings.slotRange.contains(number) else {
      throw SiteMistake(
        "\(text): after * comes the number of slots, from 1 to \(SiteSettings.slotRange.upperBound)"
      )
    }
    slots = number
  }

  /// Only characters that neither a shell nor ssh interprets.
  private static func isAllowed(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || "@._-:[]%".contains(character)
  }

  public var text: String { slots.map { "\(name)*\($0)" } ?? name }

  /// Reads a list such as `h1,h2*8`.
  public static func list(_ text: String) throws(SiteMistake) -> [HostEntry] {
    var entries: [HostEntry] = []
    for word in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
      let entry = try HostEntry(String(word))
      guard !entries.contains(where: { $0.name == entry.name }) else {
        throw SiteMistake("the host \(entry.name) is listed twice; for more jobs write h1*8")
      }
      entries.append(entry)
    }
    guard !entries.isEmpty else { throw SiteMistake("no host is named; write ssh:h1,h2*8") }
    return entries
  }
}

/// How many workers may exist: `4`, or `0:20`.
public struct WorkerRange: Sendable, Equatable {
  public var minimum: Int
  public var maximum: Int

  public static let standard = WorkerRange(minimum: 0, maximum: 10)
  public static let limit = 10_000

  public init(minimum: Int, maximum: Int) {
    self.minimum = minimum
    self.maximum = maximum
  }

  public init(_ text: String) throws(SiteMistake) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count <= 2, let first = parts.first ?? nil, let last = parts.last ?? nil,
      first >= 0, last >= max(first, 1), last <= Self.limit
    else {
      throw SiteMistake(
        "\"\(text)\" is not a number of workers; write 4, or 0:20 for at least 0 and at most 20")
    }
    self.init(minimum: first, maximum: last)
  }

  public var text: String { "\(minimum):\(maximum)" }
}
