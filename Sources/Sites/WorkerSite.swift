public import JobProtocol

/// Starts workers on some infrastructure, looks after them, and ends them.
///
/// Jobs, reports and output flow over Redis, so a site knows nothing of jobs. It says what only the
/// infrastructure knows: which places it gave, why not, and which workers are gone. News comes in
/// order through the function that it was made with. Nothing that calls a site waits for its tools,
/// except `begin` of a new run.
public protocol WorkerSite: Sendable {
  /// Finds the workers of a former engine again, and starts others as needed. `former` is what the
  /// journal says about its places. Throws what makes the site useless for a new run.
  func begin(_ former: [Allocation]) async throws(SiteError)
  /// How many jobs wait for a worker of this site.
  func demand(_ waiting: Int) async
  /// Ends everything that the site started, within a few seconds.
  func stop() async
}

/// Why a site cannot be used: one line for each thing that is wrong, with what to do.
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
    /// Otherwise its process may live: a worker that still sends heartbeats has not ended.
    public var isCertain: Bool

    public init(names: [String], reason: String, isCertain: Bool = true) {
      self.names = names
      self.reason = reason
      self.isCertain = isCertain
    }
  }

  /// Places whose state or reason has changed.
  public var allocations: [Allocation]
  /// Workers that are gone, with their jobs.
  public var endedWorkers: [WorkerEnd]
  /// Remarks for people.
  public var notices: [String]

  public init(
    allocations: [Allocation] = [], endedWorkers: [WorkerEnd] = [], notices: [String] = []
  ) {
    self.allocations = allocations
    self.endedWorkers = endedWorkers
    self.notices = notices
  }
}

/// What workers need to reach a run, wherever they are.
public struct WorkerAccess: Sendable {
  /// The run's id, which is also the name of its pool.
  public var run: RunID
  /// The queue that the site's workers serve; `nil` for the common one.
  public var queue: String?
  /// Where Redis is for this host: the path of a socket, or `host:port`. It may move.
  public var redisPlace: @Sendable () -> String
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

  public init(
    run: RunID, queue: String?, redisPlace: @escaping @Sendable () -> String,
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
