import Glibc
import JobProtocol
import Posix
public import Redis
import Synchronization

/// The Redis of a run for somebody who wants to look at it: the one that is there, or, of a closed
/// or interrupted run, one started again on its data for as long as anybody needs it.
///
/// Several may look at once, each in a process of its own. Everybody shares a lock on a file in the
/// run's directory while they look; the last one to leave, who alone can make it exclusive, stops
/// the server. `isRevived` in `run.json` tells a server of lookers from one of an engine: an engine
/// that takes the run over writes its own `run.json`, and then the server is the engine's to stop.
/// One that an engine left behind when it was killed after the run's end is stopped, too.
///
/// While the run's engine lives, its Redis is the engine's to bring back, see `OwnServerSearch`.
///
/// Of a run whose directory cannot be written a copy is looked at, which nobody else sees.
public final class ViewerServer: Sendable {
  public let url: RedisURL
  private let directory: RunDirectory
  private let lock: FileLock
  /// The copy that is looked at, of a run that cannot be written; removed in the end.
  private let copy: String?
  /// The server if it was started here.
  private let server = Mutex<EmbeddedRedis?>(nil)
  private let isClosed = Mutex(false)

  /// Whoever finds neither a server nor a way to start one looks once more: somebody else may be
  /// starting it.
  private static let attempts = 3

  /// Opens the run of a directory; `close` must follow. Waits until its Redis answers.
  public static func open(_ directory: RunDirectory) throws(RunnerError) -> ViewerServer {
    var problem = RunnerError(.infrastructure, "\(directory.path): the run cannot be opened")
    for _ in 0..<attempts {
      do throws(RedisError) {
        return try ViewerServer(directory)
      } catch {
        problem = RunnerError(.infrastructure, "\(error)")
        if error.code != .connect { break }
        OwnServerSearch.endLostServer(of: directory)
      }
    }
    throw problem
  }

  /// On the directory itself where nothing can be made in it.
  private static func lock(_ directory: RunDirectory) throws(PosixError) -> FileLock {
    do throws(PosixError) {
      return try FileLock(directory.lookersLock)
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
    var found = Found(url: known)
    if description.isEmbedded {
      found = try Self.find(directory, known, isReadOnly: lock.isReadOnly)
    }
    (url, copy) = (found.url, found.copy)
    server.withLock { $0 = found.started }
    lock.share()
  }

  private struct Found {
    var url: RedisURL
    var started: EmbeddedRedis?
    /// The place of the copy.
    var copy: String?
  }

  /// The server that is there, or one that is started.
  private static func find(
    _ directory: RunDirectory, _ known: RedisURL, isReadOnly: Bool
  ) throws(RedisError) -> Found {
    if isReadOnly {
      if OwnServerSearch.answers(known) { return Found(url: known) }
      let (server, copy) = try startCopy(of: directory)
      return Found(url: server.url, started: server, copy: copy)
    }
    switch try OwnServerSearch.run(in: directory) {
    case .answers(let url): return Found(url: url)
    case .unreachable(let engine): throw OwnServerSearch.unreachable(known, engine: engine)
    case .none: break
    }
    // Written before the start: an engine that was suspended may take the server over as soon as it
    // answers, and what the engine writes then must be the last word.
    let wasRevived = setRevived(true, directory)
    let server: EmbeddedRedis
    do throws(RedisError) {
      server = try start(directory, formerly: known)
    } catch {
      if !wasRevived { setRevived(false, directory) }
      throw error
    }
    directory.link(to: server.url)
    if var description = RunDescription.read(in: directory), description.isRevived {
      description.setServer(server.url)
      try? description.write(in: directory)
    }
    var url = server.url
    url.identity?.link = known.identity?.link
    url.identity?.owner = known.identity?.owner
    return Found(url: url, started: server)
  }

  /// Writes down whether the run's Redis belongs to lookers; returns what was written before.
  @discardableResult
  private static func setRevived(_ isRevived: Bool, _ directory: RunDirectory) -> Bool {
    guard var description = RunDescription.read(in: directory) else { return isRevived }
    let former = description.isRevived
    guard former != isRevived else { return former }
    description.isRevived = isRevived
    try? description.write(in: directory)
    return former
  }

  /// Ends the looking. Stops the server when nobody else needs it.
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

  /// For an engine that ends: stops its server, at `url`, if nobody looks at the run. Else the
  /// server is the lookers' from now on; somebody may have come while the run was being closed. Of
  /// a run that another engine has taken over meanwhile it is the other's.
  static func unlessLookedAt(
    _ directory: RunDirectory, _ url: RedisURL, engine: Int?, stop: () -> Void
  ) {
    func isAnothers() -> Bool {
      guard let engine, let description = RunDescription.read(in: directory) else { return false }
      return description.enginePid != engine
    }
    guard let lock = try? FileLock(directory.lookersLock) else { return stop() }
    if lock.tryLock() {
      if !isAnothers() { stop() }
      return
    }
    if isAnothers() { return }
    if var description = RunDescription.read(in: directory) {
      description.setServer(url)
      description.isRevived = true
      try? description.write(in: directory)
    }
    // Who is just leaving may not have seen that yet.
    lock.share()
    if lock.tryLock(), !isAnothers() { stop() }
  }

  /// For an engine that begins to take a run over: nobody ends its Redis until `release`.
  final class Hold: Sendable {
    private let lock: FileLock?

    init(_ directory: RunDirectory) {
      lock = try? FileLock(directory.lookersLock)
      lock?.share()
    }

    func release() { lock?.release() }
  }

  private func stopServer() {
    guard let description = RunDescription.read(in: directory), description.isEmbedded,
      let url = try? description.server(in: directory), RunDirectory.isSocketPlace(url),
      !Self.hasEngine(description, url)
    else { return }
    // Of an engine that was killed after the run's end nobody else takes it away; it may not have
    // come to writing down that end.
    if !description.isRevived, !isFinished {
      guard let ended = Self.ended(description, url) else { return }
      try? ended.write(in: directory)
    }
    // Another one may be in the place of that which was started here.
    if let own = server.withLock({ $0 }), !own.hasEnded {
      own.stop()
    } else {
      guard (try? EmbeddedRedis.shutDown(url)) != nil else { return }
    }
    // An interrupted run's worker may still look for it there.
    if isFinished { RunTraces.removeSocket(at: url) }
  }

  private var isFinished: Bool { RunStatusFile.read(in: directory)?.isFinished == true }

  /// At its former address where that is possible: who is connected finds it again.
  private static func start(
    _ directory: RunDirectory, formerly url: RedisURL
  ) throws(RedisError) -> EmbeddedRedis {
    guard Files.isDirectory(directory.redisData) else { throw lost(directory) }
    let place = try socketDirectory(formerly: url)
    var options = EmbeddedRedis.Options(
      dataDirectory: directory.redisData, socketDirectory: place, logFile: directory.redisLog)
    options.proof = .token(url.identity?.token)
    do throws(RedisError) {
      return try EmbeddedRedis.start(options: options)
    } catch {
      // What is in it may be a server that somebody else has just started there.
      rmdir(place)
      throw error
    }
  }

  private static func socketDirectory(formerly url: RedisURL?) throws(RedisError) -> String {
    do throws(RunnerError) {
      guard let url else { return try RunDirectory.makeSocketDirectory() }
      return try RunDirectory.makeSocketDirectory(formerly: url)
    } catch {
      throw RedisError(.io, "\(error)")
    }
  }

  private static func startCopy(
    of directory: RunDirectory
  ) throws(RedisError) -> (EmbeddedRedis, String) {
    guard Files.isDirectory(directory.redisData) else { throw lost(directory) }
    let place = try socketDirectory(formerly: nil)
    do throws(RedisError) {
      return (try startCopy(of: directory, in: place), place)
    } catch {
      Files.removeTree(place)
      throw error
    }
  }

  private static func startCopy(
    of directory: RunDirectory, in place: String
  ) throws(RedisError) -> EmbeddedRedis {
    let data = Files.join(place, "redis")
    do throws(PosixError) {
      try Files.copyTree(directory.redisData, to: data)
    } catch {
      throw RedisError(
        .io, "\(directory.path) cannot be written, and no copy can be made: \(error)",
        advice: "ask whose run it is, or set XDG_RUNTIME_DIR to a directory with more room")
    }
    var options = EmbeddedRedis.Options(
      dataDirectory: data, socketDirectory: place, logFile: Files.join(place, "redis.log"))
    options.distrusts = true
    options.proof = .owner
    return try EmbeddedRedis.start(options: options)
  }

  private static func lost(_ directory: RunDirectory) -> RedisError {
    RedisError(.io, "\(directory.redisData) is gone, and with it what the run did")
  }

  /// How a run ended that has an engine's Redis and no engine; `nil` of one that has not ended.
  private static func ended(_ description: RunDescription, _ url: RedisURL) -> RunStatusFile? {
    guard let run = RunID(description.run), let standing = try? RunGlance(run, at: url).standing
    else { return nil }
    return standing.isFinished ? standing : nil
  }

  private static func hasEngine(_ description: RunDescription, _ url: RedisURL) -> Bool {
    guard let run = RunID(description.run),
      let connection = try? RedisConnection(
        url, timeoutMilliseconds: OwnServerSearch.answerMilliseconds)
    else { return false }
    return (try? RunLease.isHeld(run, on: connection)) ?? false
  }
}
