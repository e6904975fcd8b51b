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
public final class RunReviver: Sendable {
  public let url: RedisURL
  private let directory: RunDirectory
  private let lock: FileLock
  /// The server if it was started here.
  private let server = Mutex<EmbeddedRedis?>(nil)
  private let isClosed = Mutex(false)

  /// Whoever finds neither a server nor a way to start one looks once more: somebody else may be
  /// starting it.
  private static let attempts = 3
  private static let answerMilliseconds = 2000

  /// Opens the run of a directory; `close` must follow. Waits until its Redis answers.
  public static func open(_ directory: RunDirectory) throws(RunnerError) -> RunReviver {
    var problem = RunnerError(.infrastructure, "\(directory.path): the run cannot be opened")
    for _ in 0..<attempts {
      do throws(RedisError) {
        return try RunReviver(directory)
      } catch {
        problem = RunnerError(.infrastructure, "\(error)")
        if error.code != .connect { break }
      }
    }
    throw problem
  }

  private init(_ directory: RunDirectory) throws(RedisError) {
    self.directory = directory
    do throws(PosixError) {
      lock = try FileLock(directory.lookersLock)
    } catch {
      throw RedisError(.io, "\(error)")
    }
    let isAlone = lock.takeAtOnce()
    if !isAlone { lock.share() }
    guard var description = RunDescription.read(in: directory) else {
      throw RedisError(.io, "\(directory.description) cannot be read", advice: "is it a run?")
    }
    let known = try RedisURL(parsing: description.redis)
    if !description.isEmbedded || Self.answers(known) {
      url = known
    } else {
      let server = try Self.start(directory, formerly: known)
      url = server.url
      self.server.withLock { $0 = server }
      description.redis = server.url.text
      description.isRevived = true
      try? description.write(in: directory)
    }
    lock.share()
  }

  /// Ends the looking. Stops the server when nobody else needs it.
  public func close() {
    let isFirst = isClosed.withLock { isClosed in
      defer { isClosed = true }
      return !isClosed
    }
    guard isFirst else { return }
    if lock.takeAtOnce() { stopServer() }
    lock.release()
  }

  deinit { close() }

  /// For an engine that closes a run: stops its server if nobody looks at the run. Else the server
  /// is the lookers' from now on; somebody may have come while the run was being closed.
  static func unlessLookedAt(_ directory: RunDirectory, stop: () -> Void) {
    guard let lock = try? FileLock(directory.lookersLock) else { return stop() }
    if lock.takeAtOnce() { return stop() }
    if var description = RunDescription.read(in: directory) {
      description.isRevived = true
      try? description.write(in: directory)
    }
    // Who is just leaving may not have seen that yet.
    lock.share()
    if lock.takeAtOnce() { stop() }
  }

  private func stopServer() {
    let isFinished = RunStatusFile.read(in: directory)?.isFinished == true
    // Of an engine that was killed after the run's end nobody else takes it away.
    guard let description = RunDescription.read(in: directory), description.isEmbedded,
      description.isRevived || isFinished,
      let url = try? RedisURL(parsing: description.redis), !Self.hasEngine(description, url)
    else { return }
    if let own = server.withLock({ $0 }) {
      own.stop()
    } else {
      try? EmbeddedRedis.shutDown(url)
    }
    // An interrupted run's worker may still look for it there.
    if isFinished { RunTraces.removeSocket(at: url) }
  }

  /// At its former address where that is possible: who is connected finds it again.
  private static func start(
    _ directory: RunDirectory, formerly url: RedisURL
  ) throws(RedisError) -> EmbeddedRedis {
    let former: String? =
      if case .unix(let path) = url.endpoint { Files.parent(of: path) } else {
        nil
      }
    if let former, Files.isDirectory(former) { return try start(directory, in: former) }
    let socketDirectory: String
    do throws(RunnerError) {
      socketDirectory = try RunDirectory.makeSocketDirectory()
    } catch {
      throw RedisError(.io, "\(error)")
    }
    do throws(RedisError) {
      return try start(directory, in: socketDirectory)
    } catch {
      Files.removeTree(socketDirectory)
      throw error
    }
  }

  private static func start(
    _ directory: RunDirectory, in socketDirectory: String
  ) throws(RedisError) -> EmbeddedRedis {
    guard Files.isDirectory(directory.redisData) else {
      throw RedisError(.io, "\(directory.redisData) is gone, and with it what the run did")
    }
    return try EmbeddedRedis.start(
      options: .init(
        dataDirectory: directory.redisData, socketDirectory: socketDirectory,
        logFile: directory.redisLog))
  }

  private static func answers(_ url: RedisURL) -> Bool {
    (try? RedisConnection(url, timeoutMilliseconds: answerMilliseconds)) != nil
  }

  private static func hasEngine(_ description: RunDescription, _ url: RedisURL) -> Bool {
    guard let run = RunID(description.run),
      let connection = try? RedisConnection(url, timeoutMilliseconds: answerMilliseconds)
    else { return false }
    return (try? RunLease.isHeld(run, on: connection)) ?? false
  }
}
