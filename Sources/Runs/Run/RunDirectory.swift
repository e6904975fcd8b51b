import Glibc
public import JobProtocol
public import Posix
import Redis

/// The directory of a run's files: `.hflow/runs/<run>/` beside the workflow, or below
/// `$XDG_STATE_HOME/hflow-tui/` if that cannot be written.
///
/// | name | content |
/// |---|---|
/// | `redis/` | the append-only file of the run's own Redis |
/// | `redis.log`, `engine.log`, `worker.log` | their logs |
/// | `executors/` | logs of one-shot executors |
/// | `sites/` | records of sites about their workers, and the output of workers of schedulers |
/// | `signing.key` | the run's own signing key, if Redis has a port and the user gave no key |
/// | `unreported/` | ends of jobs that executors of this host could not report before they died |
/// | `node-host.js`, `node.log` | the program that calls JavaScript functions, and its log |
/// | `run.json` | workflow, start, where Redis is (its own with the password) |
/// | `status.json` | the latest status and counts, see `RunStatusFile` |
/// | `viewers.lock` | a lock that viewers share, see `ViewerServer`; `lookers.lock` in older runs |
/// | `metrics.log`, `spans.log` | the messages of what publishes the run, see `Publication` |
/// | `socket` | a link to the socket of its own Redis, which is elsewhere |
public struct RunDirectory: Sendable {
  public var path: String { followed?.path ?? first }
  private let first: String
  private var followed: FollowedDirectory?
  /// For a directory that was just made elsewhere: the path beside the workflow that cannot be
  /// written, and why.
  package private(set) var refusedPlace: (path: String, reason: String)?

  public init(path: String) { first = path }

  /// The same directory for an engine, which keeps following it when somebody moves it.
  package func following() -> RunDirectory {
    var directory = self
    directory.followed = FollowedDirectory(first)
    return directory
  }

  init(besides workflowDirectory: String, run: String) {
    self.init(path: Files.join(workflowDirectory, "\(Self.folder)/\(run)"))
  }

  private static let folder = ".hflow/runs"
  /// How many bytes of a path to reserve for the names of the files in it.
  private static let longestName = 100
  private static let stateFolder = "hflow-tui/runs"

  public var engineLog: String { Files.join(path, "engine.log") }
  public var workerLog: String { Files.join(path, "worker.log") }
  public var redisLog: String { Files.join(path, "redis.log") }
  public var redisData: String { Files.join(path, "redis") }
  /// An older run keeps the name that its viewers have used, because all must lock the same file.
  public var viewersLock: String {
    let former = Files.join(path, "lookers.lock")
    return Files.exists(former) ? former : Files.join(path, "viewers.lock")
  }
  public var executorLogs: String { Files.join(path, "executors") }
  public var siteFiles: String { Files.join(path, "sites") }
  public var ownSigningKey: String { Files.join(path, "signing.key") }
  public var unreportedEnds: String { Files.join(path, "unreported") }
  public var description: String { Files.join(path, "run.json") }

  /// Makes the directory of a new run of a workflow in `workflowDirectory`. The directories above
  /// it must be ours. Throws if another user has put a symbolic link there.
  public static func create(
    for run: RunID, workflowDirectory: String, stateHome: String = Self.stateHome()
  ) throws(RunnerError) -> RunDirectory {
    let beside = GuardedPath("\(folder)/\(run)", below: workflowDirectory)
    do throws(PosixError) {
      guard beside.path.utf8.count + longestName <= PATH_MAX else {
        throw PosixError("create directory", beside.path, code: ENAMETOOLONG)
      }
      try beside.makePrivateDirectory()
      return RunDirectory(path: beside.path)
    } catch {
      if let link = foreignLink(workflowDirectory: workflowDirectory) { throw link }
      return try create(
        for: run, stateHome: stateHome, insteadOf: workflowDirectory, because: error)
    }
  }

  private static func create(
    for run: RunID, stateHome: String, insteadOf workflowDirectory: String, because: PosixError
  ) throws(RunnerError) -> RunDirectory {
    // Name the deepest directory that exists: what could not be made cannot be inspected.
    var refused = because.subject
    while !Files.exists(refused), refused != "/" { refused = Files.parent(of: refused) }
    let place = GuardedPath("\(stateFolder)/\(run)", below: stateHome)
    do throws(PosixError) {
      try Files.makeDirectory(stateHome, mode: 0o700)
      try place.makePrivateDirectory(baseMustBeOurs: true)
    } catch {
      throw RunnerError(
        .infrastructure,
        "no place for the run's files: \(refused) cannot be used (\(because.reason)), nor can "
          + "\(stateHome) (\(error.reason)); set XDG_STATE_HOME to a directory of yours that can")
    }
    var directory = RunDirectory(path: place.path)
    directory.refusedPlace = (refused, because.reason)
    return directory
  }

  /// The directory of a workflow's runs, if this user may not read it; else `nil`.
  public static func denied(workflowDirectory: String) -> String? {
    let place = Files.join(workflowDirectory, folder)
    return Files.isDenied(place) ? place : nil
  }

  /// Why the directory of a workflow's runs is not used: another user has put a symbolic link
  /// there.
  public static func foreignLink(workflowDirectory: String) -> RunnerError? {
    GuardedPath(folder, below: workflowDirectory).refusal.map { link in
      RunnerError(
        .infrastructure,
        "\(link.subject): \(link.reason); remove it, or make it yours with chown -h")
    }
  }

  /// A file of the run, for reading. Somebody may have put anything there.
  func guarded(_ file: String) -> GuardedPath {
    GuardedPath("\(Files.name(of: path))/\(file)", below: Files.parent(of: path))
  }

  /// Whether both paths lead to the same directory.
  func isSame(as other: RunDirectory) -> Bool {
    Files.identity(path).map { $0 == Files.identity(other.path) } ?? false
  }

  /// Whether this is a copy of a run's directory that still exists.
  public var isCopy: Bool { RunDescription.read(in: self)?.original(of: self) != nil }

  /// The workflow's directory, derived from the path of this one, so it is right also after a move;
  /// `nil` if the run's directory is elsewhere.
  public var workflowDirectory: String? {
    let end = "/\(Self.folder)/\(Files.name(of: path))"
    return path.hasSuffix(end) ? String(path.dropLast(end.count)) : nil
  }

  /// The directories of all runs that belong to a workflow directory, newest first.
  public static func all(
    workflowDirectory: String, stateHome: String = Self.stateHome()
  ) -> [RunDirectory] {
    let beside = Files.join(workflowDirectory, folder)
    let isForeign = foreignLink(workflowDirectory: workflowDirectory) != nil
    let places = (isForeign ? [] : [beside]) + [Files.join(stateHome, stateFolder)]
    let found = places.flatMap { place in
      Files.list(place).map { RunDirectory(path: Files.join(place, $0)) }
    }
    return found.sorted { $0.modified > $1.modified }
  }

  /// The directory of a run that exists.
  public static func find(
    _ run: RunID, workflowDirectory: String, stateHome: String = Self.stateHome()
  ) -> RunDirectory? {
    all(workflowDirectory: workflowDirectory, stateHome: stateHome)
      .first { Files.name(of: $0.path) == run.text }
  }

  private var modified: Int {
    var info = stat()
    return stat(description, &info) == 0 ? info.st_mtim.tv_sec * 1000 : 0
  }

  /// The directory for the state of a user's programs; a relative `XDG_STATE_HOME` is ignored.
  public static func stateHome(
    given: String? = Environment["XDG_STATE_HOME"], home: String? = Environment["HOME"]
  ) -> String {
    Environment.stateHome(given: given, home: home)
  }
}
