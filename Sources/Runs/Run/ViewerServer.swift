import Glibc
import JobProtocol
import Posix
public import Redis
import Synchronization

/// The Redis of a run for a viewer: the running one, or, for a closed or interrupted run, one that
/// is started on its data while there are viewers.
///
/// There may be several viewers, each in a process of its own. Viewers share a lock on a file in
/// the run's directory. The last one to leave, which alone can make the lock exclusive, stops the
/// server. `revived` in `run.json` tells a server of viewers from an engine's: an engine that
/// takes the run over writes its own `run.json`, and then the server is the engine's to stop. The
/// last viewer also stops a server whose engine was killed after the run's end.
///
/// While the run's engine is alive, only the engine restarts its Redis, see `PrivateServerSearch`.
///
/// If the run's directory cannot be written, the viewer gets a private copy.
public final class ViewerServer: Sendable {
  public let url: RedisURL
  private let directory: RunDirectory
  private let lock: FileLock
  /// The private copy of the data, deleted by `close`; `nil` without one.
  private let copy: String?
  /// The server, if this viewer started it.
  private let server = Mutex<PrivateRedis?>(nil)
  private let isClosed = Mutex(false)

  /// If there is no server and none can be started, try again: somebody else may be starting it.
  private static let attempts = 3

  /// Opens the run of a directory, and waits until its Redis answers. Call `close` in the end.
  public static func open(_ directory: RunDirectory) throws(RunnerError) -> ViewerServer {
    var problem = RunnerError(.infrastructure, "\(directory.path): the run cannot be opened")
    for _ in 0..<attempts {
      do throws(RedisError) {
        return try ViewerServer(directory)
      } catch {
        problem = RunnerError(.infrastructure, "\(error)")
        if error.code != .connect { break }
        PrivateServerSearch.endLostServer(of: directory)
      }
    }
    throw problem
  }

  /// Locks the file; the directory itself if no file can be made in it.
  private static func lock(_ directory: RunDirectory) throws(PosixError) -> FileLock {
    do throws(PosixError) {
      return try FileLock(directory.viewersLock)
    } catch {
      return try FileLock(reading: directory.path)
    }
  }

  private init(_ directory: RunDirectory) throws(RedisError) {
    self.directory = directory
    do throws(PosixError) {
      lock = try Self.lock(directory)
    } catch {
      throw RedisError(.io, "\(error)")
    }
    let isAlone = lock.tryLock()
    if !isAlone { lock.share() }
    guard let description = RunDescription.read(in: directory) else {
      throw RedisError(.io, "\(directory.description) cannot be read", advice: "is it a run?")
    }
    let known = try description.server(in: directory)
    var found = RunningServer(url: known)
    if description.hasPrivateRedis {
      found = try Self.find(directory, known, isReadOnly: lock.isReadOnly)
    }
    (url, copy) = (found.url, found.copy)
    server.withLock { $0 = found.started }
    lock.share()
  }

  private struct RunningServer {
    var url: RedisURL
    var started: PrivateRedis?
    /// The directory of the copy.
    var copy: String?
  }

  /// Finds the running server, or starts one.
  private static func find(
    _ directory: RunDirectory, _ known: RedisURL, isReadOnly: Bool
  ) throws(RedisError) -> RunningServer {
    if isReadOnly {
      if PrivateServerSearch.answers(known) { return RunningServer(url: known) }
      let (server, copy) = try startCopy(of: directory)
      return RunningServer(url: server.url, started: server, copy: copy)
    }
    switch try PrivateServerSearch.run(in: directory) {
    case .answers(let url): return RunningServer(url: url)
    case .unreachable(let engine): throw PrivateServerSearch.unreachable(known, engine: engine)
    case .none: break
    }
    // Written before the start: an engine that was suspended may take the server over as soon as it
    // answers, and must be the last to write `run.json`.
    let wasOwnedByViewers = setOwnedByViewers(true, directory)
    let server: PrivateRedis
    do throws(RedisError) {
      server = try start(directory, formerly: known)
    } catch {
      if !wasOwnedByViewers { setOwnedByViewers(false, directory) }
      throw error
    }
    // The server answers. At the former address, the engine may have adopted it and described it
    // since: writing again would undo that, and there is nothing to write. The engine finds a new
    // address only after it is written here.
    if let former = RunDescription.read(in: directory), former.isOwnedByViewers {
      var description = former
      description.setServer(server.url)
      if description != former { try? description.write(in: directory) }
    }
    directory.link(to: server.url)
    var url = server.url
    url.identity?.link = known.identity?.link
    url.identity?.owner = known.identity?.owner
    url.identity?.dataDirectory = known.identity?.dataDirectory
    return RunningServer(url: url, started: server)
  }

  /// Stores whether the run's Redis belongs to viewers. Returns the former value.
  @discardableResult
  private static func setOwnedByViewers(_ isOwnedByViewers: Bool, _ directory: RunDirectory) -> Bool
  {
    guard var description = RunDescription.read(in: directory) else { return isOwnedByViewers }
    let former = description.isOwnedByViewers
    guard former != isOwnedByViewers else { return former }
    description.isOwnedByViewers = isOwnedByViewers
    try? description.write(in: directory)
    return former
  }

  /// Ends viewing, and stops the server if nobody else needs it.
  public func close() {
    let isFirst = isClosed.withLock { isClosed in
      defer { isClosed = true }
      return !isClosed
    }
    guard isFirst else { return }
    if let copy {
      server.withLock { $0?.stop() }
      Files.removeTree(copy)
    } else if !lock.isReadOnly, lock.tryLock() {
      stopServer()
    }
    lock.release()
  }

  deinit { close() }

  /// For an engine that ends: calls `stop` if the run has no viewers. Otherwise the server at `url`
  /// belongs to the viewers from now on. If another engine has taken the run over meanwhile, the
  /// server belongs to that engine.
  package static func stopUnlessViewed(
    _ directory: RunDirectory, _ url: RedisURL, engine: Int?, stop: () -> Void
  ) {
    func belongsToOtherEngine() -> Bool {
      guard let engine, let description = RunDescription.read(in: directory) else { return false }
      return description.enginePid != engine
    }
    guard let lock = try? FileLock(directory.viewersLock) else { return stop() }
    if lock.tryLock() {
      if !belongsToOtherEngine() { stop() }
      return
    }
    if belongsToOtherEngine() { return }
    if var description = RunDescription.read(in: directory) {
      description.setServer(url)
      description.isOwnedByViewers = true
      try? description.write(in: directory)
    }
    // A viewer that is just leaving may not have seen that yet.
    lock.share()
    if lock.tryLock(), !belongsToOtherEngine() { stop() }
  }

  /// For an engine that takes a run over: no viewer stops its Redis until `release`.
  package final class StopGuard: Sendable {
    private let lock: FileLock?

    package init(_ directory: RunDirectory) {
      lock = try? FileLock(directory.viewersLock)
      lock?.share()
    }

    package func release() { lock?.release() }
  }

  private func stopServer() {
    guard let description = RunDescription.read(in: directory), description.hasPrivateRedis,
      let url = try? description.server(in: directory), RunDirectory.isSocketPlace(url),
      !Self.hasEngine(description, url)
    else { return }
    // If the engine was killed after the run's end, nobody else stops its server. It may not have
    // written the end to the status file.
    if !description.isOwnedByViewers, !isFinished {
      guard let ended = Self.ended(description, url) else { return }
      try? ended.write(in: directory)
    }
    // The server that was started here may have been replaced by another.
    if let own = server.withLock({ $0 }), !own.hasEnded {
      own.stop()
    } else {
      guard (try? PrivateRedis.shutDown(url)) != nil else { return }
    }
    // The worker of an interrupted run may still look for the socket there.
    if isFinished { RunDeletion.removeSocket(at: url) }
  }

  private var isFinished: Bool { RunStatusFile.read(in: directory)?.isFinished == true }

  /// Starts a server, at its former address if possible, so that its clients reconnect.
  private static func start(
    _ directory: RunDirectory, formerly url: RedisURL
  ) throws(RedisError) -> PrivateRedis {
    guard Files.isDirectory(directory.redisData) else { throw lost(directory) }
    let place = try socketDirectory { () throws(RunnerError) in
      try directory.makeSocketDirectory(formerly: url)
    }
    var options = PrivateRedis.Options(
      dataDirectory: directory.redisData, socketDirectory: place, logFile: directory.redisLog)
    options.proof = .token(url.identity?.token)
    do throws(RedisError) {
      return try PrivateRedis.start(options: options)
    } catch {
      // Not `removeTree`: somebody else may have just started a server in it.
      rmdir(place)
      throw error
    }
  }

  private static func socketDirectory(
    _ make: () throws(RunnerError) -> String
  ) throws(RedisError) -> String {
    do throws(RunnerError) {
      return try make()
    } catch {
      throw RedisError(.io, "\(error)")
    }
  }

  private static func startCopy(
    of directory: RunDirectory
  ) throws(RedisError) -> (PrivateRedis, String) {
    guard Files.isDirectory(directory.redisData) else { throw lost(directory) }
    let place = try socketDirectory { () throws(RunnerError) in
      try RunDirectory.makeSocketDirectory()
    }
    do throws(RedisError) {
      return (try startCopy(of: directory, in: place), place)
    } catch {
      Files.removeTree(place)
      throw error
    }
  }

  private static func startCopy(
    of directory: RunDirectory, in place: String
  ) throws(RedisError) -> PrivateRedis {
    let data = Files.join(place, "redis")
    do throws(PosixError) {
      try Files.copyTree(directory.redisData, to: data)
    } catch {
      throw RedisError(
        .io, "\(directory.path) cannot be written, and no copy can be made: \(error)",
        advice: "ask whose run it is, or set XDG_RUNTIME_DIR to a directory with more room")
    }
    var options = PrivateRedis.Options(
      dataDirectory: data, socketDirectory: place, logFile: Files.join(place, "redis.log"))
    options.hasUntrustedData = true
    options.proof = .owner
    return try PrivateRedis.start(options: options)
  }

  private static func lost(_ directory: RunDirectory) -> RedisError {
    RedisError(.io, "\(directory.redisData) is gone, and the run's data with it")
  }

  /// The final status of a run whose engine is gone; `nil` if the run has not ended.
  private static func ended(_ description: RunDescription, _ url: RedisURL) -> RunStatusFile? {
    guard let run = RunID(description.run), let standing = try? RunSummary(run, at: url).standing
    else { return nil }
    return standing.isFinished ? standing : nil
  }

  private static func hasEngine(_ description: RunDescription, _ url: RedisURL) -> Bool {
    guard let run = RunID(description.run),
      let connection = try? RedisConnection(
        url, timeoutMilliseconds: PrivateServerSearch.answerMilliseconds)
    else { return false }
    return (try? RunLease.isHeld(run, on: connection)) ?? false
  }
}
