public import Engine
import Glibc
import JobProtocol
public import Logging
import Posix
import Redis
import Synchronization

/// An engine process from its start to its end: Redis, the run's keys, invoker, readers, the
/// engine, and the same in reverse.
///
/// `run` blocks the thread that calls it, which should be the main one: that thread waits for Unix
/// signals and children while the engine runs on others.
public struct EngineProcess: Sendable {
  private let settings: RunSettings
  private let observer: any RunObserver
  private let log: Logger

  public init(settings: RunSettings, observer: any RunObserver, log: Logger) {
    self.settings = settings
    self.observer = observer
    self.log = log
  }

  /// Told once the run has begun: where watchers find it.
  public struct Ready: Sendable {
    /// With its password.
    public let redisURL: String
    public let directory: String
  }

  public func run(ready: (Ready) -> Void = { _ in }) throws(RunnerError) -> RunStatus {
    signal(SIGPIPE, SIG_IGN)
    let host = try makeHost()
    let place = try settings.resumes ? reopen() : open()
    let begun: EngineSession.Begun
    do throws(RunnerError) {
      let session = EngineSession(place, host: host, observer: observer, log: log)
      begun = try Blocking.wait { () throws(RunnerError) in try await session.begin() }
    } catch {
      // Of a run that exists nobody knows whose server it is.
      if !settings.resumes { place.server.stop() }
      throw error
    }
    ready(Ready(redisURL: place.server.url.text, directory: place.directory.path))
    return try drive(begun, place.server, host)
  }

  /// Waits for the operating system on this thread while the engine runs on others.
  private func drive(
    _ begun: EngineSession.Begun, _ server: RunServer, _ host: HostLoop
  ) throws(RunnerError) -> RunStatus {
    let result = Mutex<Result<RunStatus, RunnerError>?>(nil)
    Task.detached {
      let outcome = await begun.run()
      result.withLock { $0 = outcome }
      host.stop()
    }
    server.watch(by: host)
    host.run { event in
      if case .childEnded(let child, let status) = event,
        revived(server, child, status, begun, host)
      {
        return
      }
      begun.inbox.send(.host(event))
    }
    let outcome = result.withLock { $0 }
    if case .failure(let error) = outcome, error.leavesRun { server.leave() } else { server.stop() }
    guard let outcome else {
      throw RunnerError(.infrastructure, "the engine ended without a result")
    }
    return try outcome.get()
  }

  /// The place of a new run.
  private func open() throws(RunnerError) -> RunPlace {
    let material = try RunMaterial(reading: settings)
    let directory = try RunDirectory.create(
      for: settings.run, workflowDirectory: Files.parent(of: settings.workflowPath))
    let server = try RunServer.start(
      settings: settings, directory: directory, needsLoopback: material.needsLoopback(settings))
    return RunPlace(
      settings: settings, material: material, directory: directory, server: server)
  }

  /// The place of a run that exists. What it runs comes from its Redis, which is there first; so
  /// whether executors need a port is known from what it had.
  private func reopen() throws(RunnerError) -> RunPlace {
    guard let path = settings.directory else {
      throw RunnerError(.infrastructure, "there is no directory of run \(settings.run.short)")
    }
    let directory = RunDirectory(path: path)
    let hadLoopback = RunDescription.read(in: directory)?.loopback != nil
    let server = try RunServer.reopen(
      settings: settings, directory: directory, needsLoopback: hadLoopback)
    let material = try RunMaterial(of: settings, at: server.url)
    var settings = material.settings
    settings.directory = path
    return RunPlace(
      settings: settings, material: material, directory: directory, server: server)
  }

  /// Whether the child was the run's Redis. One that cannot be brought back ends the run.
  private func revived(
    _ server: RunServer, _ child: Child, _ status: ExitStatus, _ begun: EngineSession.Begun,
    _ host: HostLoop
  ) -> Bool {
    do throws(RunnerError) {
      guard try server.revive(child, status, log: log) else { return false }
      server.watch(by: host)
    } catch {
      begun.inbox.send(.failed(error))
      // Whoever waits for an answer of the dead server waits no longer.
      Task { await begun.redis.close() }
    }
    return true
  }

  private func makeHost() throws(RunnerError) -> HostLoop {
    do {
      return try HostLoop(signals: [SIGTERM, SIGINT, SIGHUP])
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }
}
