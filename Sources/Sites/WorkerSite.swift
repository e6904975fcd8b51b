public import JobProtocol

/// Starts workers on an infrastructure, supervises them, and ends them.
///
/// Jobs, reports and output flow over Redis, so a site knows nothing about jobs. It delivers what
/// only the infrastructure knows: which allocations it granted, why others are pending, and which
/// workers have ended. `SiteNews` come in order, through the function `deliver` that the site was
/// created with. Callers never wait for the infrastructure's tools, except in `begin` of a new run.
public protocol WorkerSite: Sendable {
  /// Adopts the workers of a former engine, and starts others as needed. `former` has the site's
  /// allocations in the journal. Throws if the site cannot be used for a new run.
  func begin(_ former: [Allocation]) async throws(SiteError)
  /// Tells the site how many jobs wait for one of its workers.
  func demand(_ waiting: Int) async
  /// Adds, drains or removes workers.
  func steer(_ request: WorkersRequest) async -> WorkersAnswer
  /// Ends everything that the site started, within a few seconds.
  func stop() async
}

extension WorkerSite {
  public func steer(_ request: WorkersRequest) async -> WorkersAnswer {
    .refused("this infrastructure decides about its workers itself")
  }
}

/// What a site has done about a request for more or fewer workers.
public struct WorkersAnswer: Sendable, Equatable {
  /// For people, without the site's name.
  public var text: String
  public var isRefused = false
  /// The workers to drain, by name.
  public var drained: [String] = []

  public init(_ text: String) { self.text = text }

  static func refused(_ text: String) -> WorkersAnswer {
    var answer = WorkersAnswer(text)
    answer.isRefused = true
    return answer
  }
}

/// Why a site cannot be used: one line for each error, with what to do.
public struct SiteError: Error, Sendable, Equatable {
  public let lines: [String]

  public init(_ lines: [String]) { self.lines = lines }
  public init(_ line: String) { lines = [line] }
}

/// What a site reports.
public struct SiteNews: Sendable, Equatable {
  public struct WorkerEnd: Sendable, Equatable {
    /// The names that the worker may have registered under.
    public var names: [String]
    public var reason: String
    /// Whether the process has certainly ended. If not, a worker that still sends heartbeats is
    /// alive.
    public var isCertain: Bool

    public init(names: [String], reason: String, isCertain: Bool = true) {
      self.names = names
      self.reason = reason
      self.isCertain = isCertain
    }
  }

  /// Allocations whose state or reason has changed.
  public var allocations: [Allocation]
  /// Workers that are gone, with their jobs.
  public var endedWorkers: [WorkerEnd]
  /// Remarks for users.
  public var notices: [String]

  public init(
    allocations: [Allocation] = [], endedWorkers: [WorkerEnd] = [], notices: [String] = []
  ) {
    self.allocations = allocations
    self.endedWorkers = endedWorkers
    self.notices = notices
  }
}

extension SiteSettings {
  /// The directory on a host to which the files of a run's jobs are copied; `nil` where the run's
  /// directory is shared.
  func work(_ access: WorkerAccess) -> String? {
    guard isStaged else { return nil }
    return "\(directory ?? "~/.cache/hflow-tui")/\(access.run)-\(name)"
  }
}

/// What workers need to reach a run, wherever they are.
public struct WorkerAccess: Sendable {
  /// The run's id, which is also the name of its pool.
  public var run: RunID
  /// The queue that the site's workers serve; `nil` for the common one.
  public var queue: String?
  /// Where this host reaches Redis: the path of a socket, or `host:port`. It may move. `nil` with
  /// sentinels: workers then need the network.
  public var redisPlace: @Sendable () -> String?
  /// The URL, with password, of the Redis behind a socket at a path.
  public var socketURL: @Sendable (String) -> String
  /// The URL, with password, at which other hosts reach Redis; `nil` if they cannot.
  public var networkURL: String?
  /// The text of the key that signs job messages; `nil` for an unsigned run.
  public var signingKey: String?
  /// The directory in which jobs run.
  public var directory: String
  /// The private directory for the site's own files; exists.
  public var filesDirectory: String
  /// The path of this host's executor; `nil` if it has none.
  public var executor: String?
  /// The images that jobs ask for, for a check.
  public var images: [String] = []
  /// The template data for the pods of workers; `nil` for other infrastructures.
  public var pods: WorkerPods?

  public init(
    run: RunID, queue: String?, redisPlace: @escaping @Sendable () -> String?,
    socketURL: @escaping @Sendable (String) -> String, networkURL: String?, signingKey: String?,
    directory: String, filesDirectory: String, executor: String?
  ) {
    self.run = run
    self.queue = queue
    self.redisPlace = redisPlace
    self.socketURL = socketURL
    self.networkURL = networkURL
    self.signingKey = signingKey
    self.directory = directory
    self.filesDirectory = filesDirectory
    self.executor = executor
  }
}
