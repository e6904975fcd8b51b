public import Engine
import Glibc
import JobProtocol
public import Logging
import Posix
import Redis
public import Runs
import Synchronization

/// An engine process from its start to its end: opens the run's Redis and keys, starts invokers,
/// readers and engine, and stops them in reverse order.
///
/// | type | holds | made by |
/// |---|---|---|
/// | `RunSettings` | the options of a run; kept with it | the command line, or Redis |
/// | `LoadedWorkflow` | workflow, functions, configuration | files, or Redis |
/// | `PreparedRun` | settings, workflow, and the run's directory and server | `open`, `reopen` |
/// | `RunPlan` | what is fixed once the run starts: its number, keys, signing key | a session |
/// | `EngineParts` | the plan, and everything that an engine works with | a session |
/// | `StartedSession` | an engine with its readers, until the run ends | `EngineSession.begin` |
///
/// `run` blocks the thread that calls it, which should be the main one: that thread waits for Unix
/// signals and children while the engine runs on others.
public struct EngineProcess: Sendable {
  private let settings: RunSettings
  private let log: Logger
  private let observer: @Sendable (RunSettings) -> any RunObserver

  /// - Parameter observer: Makes the observer, for the settings of the run. A resumed run has the
  ///   settings that it was started with.
  public init(
    settings: RunSettings, log: Logger,
    observer: @escaping @Sendable (RunSettings) -> any RunObserver
  ) {
    self.settings = settings
    self.log = log
    self.observer = observer
  }

  /// How long an engine that was told to stop waits for a Redis that does not answer.
  private static let stopMilliseconds = 5000

  /// What watchers need to find a run that has started.
  public struct Ready: Sendable {
    /// Includes the password.
    public let redisURL: String
    public let directory: String
    /// The workflow's file differs from the workflow that the run was started with, and that it
    /// continues with.
    public var workflowHasChanged = false
    /// Where the run's figures are served for Prometheus.
    public var metrics: String?
  }

  public func run(ready: (Ready) -> Void = { _ in }) throws(RunnerError) -> RunStatus {
    signal(SIGPIPE, SIG_IGN)
    ProcessHeap.useOneArena()
    let host = try makeHost()
    // Viewers that leave must not stop the run's Redis while this engine takes the run over.
    let stopGuard =
      settings.resumes
      ? settings.directory.map { ViewerServer.StopGuard(RunDirectory(path: $0)) } : nil
    let place = try settings.resumes ? reopen() : open()
    let session = EngineSession(
      place, host: host, observer: observer(place.settings), log: log)
    let outcome = runEngine(session, host) {
      stopGuard?.release()
      ready(
        Ready(
          redisURL: place.server.url.text, directory: place.directory.path,
          workflowHasChanged: settings.resumes && place.loaded.fileHasChanged,
          metrics: place.settings.metrics))
    }
    // This process may continue to run (as a screen), but it no longer drives the run.
    if outcome.hasBegun { RunDescription.engineHasLeft(place.directory) }
    // The Redis of a run that another engine may drive keeps running.
    if outcome.hasBegun ? outcome.leavesRun : place.server.isAdopted {
      place.server.detach()
    } else {
      stopGuard?.release()
      place.server.stop(place.directory, engine: outcome.hasBegun ? Environment.processID : nil)
      if !outcome.hasBegun, !settings.resumes { RunCreation.removeFailed(in: place.directory) }
    }
    return try outcome.result.get()
  }

  /// How the engine ended.
  private struct Outcome {
    var hasBegun = false
    var result = Result<RunStatus, RunnerError>.failure(
      RunnerError(.infrastructure, "the engine ended without a result"))

    /// Why this process stopped waiting for the engine.
    var stopped: RunnerError?

    var leavesRun: Bool {
      if case .failure(let error) = result { error.leavesRun } else { false }
    }
  }

  /// Waits for signals, children and deadlines on this thread while the engine runs on others. The
  /// run's Redis is supervised from the start.
  private func runEngine(
    _ session: EngineSession, _ host: HostLoop, hasBegun: () -> Void
  ) -> Outcome {
    let shared = Mutex(Outcome())
    Task.detached {
      do throws(RunnerError) {
        let begun = try await session.start()
        shared.withLock { $0.hasBegun = true }
        host.after(milliseconds: 0, .begun)
        let result = await begun.untilEnd()
        shared.withLock { outcome in
          let isFailure = if case .failure = result { true } else { false }
          outcome.result = isFailure ? outcome.stopped.map { .failure($0) } ?? result : result
        }
      } catch {
        shared.withLock { $0.result = .failure($0.stopped ?? error) }
        await session.redis.close()
      }
      host.stop()
    }
    session.server.watch(by: host)
    host.after(milliseconds: RunServer.checkMilliseconds, .server)
    host.run { event in
      if event == .deadline(.begun) { return hasBegun() }
      if event == .deadline(.stopping), session.redis.isStuck {
        return giveUpWaiting(session, shared)
      }
      if event == .deadline(.server) { return superviseServer(session, host, shared) }
      if case .childEnded(let child, let status) = event,
        session.server.hasEnded(child, status, log: log)
      {
        return host.after(milliseconds: 0, .server)
      }
      if case .signal(let number) = event, number == SIGTERM || number == SIGINT {
        if session.redis.isStuck { giveUpWaiting(session, shared) }
        host.after(milliseconds: Self.stopMilliseconds, .stopping)
      }
      session.inbox.send(.host(event))
    }
    return shared.withLock { $0 }
  }

  /// An engine that is told to stop while its Redis is away can commit nothing. It leaves the run
  /// as it is, to be resumed when Redis is back.
  private func giveUpWaiting(_ session: EngineSession, _ outcome: borrowing Mutex<Outcome>) {
    let run = settings.run.short
    let error = RunnerError(
      .interrupted,
      "told to stop while the Redis of run \(run) is away: running jobs continue; when Redis is "
        + "back, resume with: hflow-tui resume \(run)")
    giveUp(session, error, outcome)
  }

  private func giveUp(
    _ session: EngineSession, _ error: RunnerError, _ outcome: borrowing Mutex<Outcome>
  ) {
    outcome.withLock { $0.stopped = error }
    session.inbox.send(.failed(error))
    // Closing the client ends everything that still waits for an answer of Redis.
    Task { await session.redis.close() }
  }

  /// Restarts the run's own Redis when it has ended. If that fails for good, the run is left as it
  /// is.
  private func superviseServer(
    _ session: EngineSession, _ host: HostLoop, _ outcome: borrowing Mutex<Outcome>
  ) {
    let result = session.server.check(log: log)
    for notice in result.notices { session.inbox.send(.notice(notice)) }
    if result.isNew { session.server.watch(by: host) }
    if let failure = result.failure {
      let error = RunnerError(
        .interrupted, "the run's Redis has ended and cannot be started again: \(failure)")
      return giveUp(session, error.afterStart(of: settings.run), outcome)
    }
    host.after(milliseconds: result.next, .server)
  }

  /// Makes the directory and the server of a new run.
  private func open() throws(RunnerError) -> PreparedRun {
    let loaded = try LoadedWorkflow(reading: settings)
    let workflowDirectory = Files.parent(of: settings.workflowPath)
    RunCreation.removeAbandoned(workflowDirectory: workflowDirectory)
    let directory = try RunDirectory.create(
      for: settings.run, workflowDirectory: workflowDirectory
    ).following()
    try RunCreation.writeNote(in: directory, socketPath: nil)
    let settings = try settings.withOwnKey(in: directory)
    let server = try RunServer.start(
      settings: settings, directory: directory, needsLoopback: loaded.needsLoopback(settings)
    ).protectingPassword(from: settings, runsFunctions: loaded.functions.needJavaScript)
    return PreparedRun(settings: settings, loaded: loaded, directory: directory, server: server)
  }

  /// Opens the directory and the server of an existing run. The material is in its Redis, so the
  /// server is started before anybody knows whether executors need a port; that comes from the
  /// run's description.
  private func reopen() throws(RunnerError) -> PreparedRun {
    guard let path = settings.directory else {
      throw RunnerError(.infrastructure, "there is no directory of run \(settings.run.short)")
    }
    let directory = RunDirectory(path: path).following()
    let hadLoopback = RunDescription.read(in: directory)?.loopback != nil
    let (server, loaded) = try reopen(directory, hadLoopback, attempts: 3)
    var settings = loaded.settings
    settings.directory = path
    return PreparedRun(
      settings: settings, loaded: loaded, directory: directory,
      server: try server.protectingPassword(
        from: settings, runsFunctions: loaded.functions.needJavaScript))
  }

  /// Opens the server and loads the workflow. Nobody supervises the server yet, so one that dies
  /// meanwhile is restarted. A connection does not prove that it lives: a server that is being
  /// killed still accepts connections.
  private func reopen(
    _ directory: RunDirectory, _ needsLoopback: Bool, attempts: Int
  ) throws(RunnerError) -> (RunServer, LoadedWorkflow) {
    let server = try RunServer.reopen(
      settings: settings, directory: directory, needsLoopback: needsLoopback)
    do throws(RunnerError) {
      return (server, try LoadedWorkflow(of: settings, at: server.url))
    } catch {
      guard attempts > 1, server.hasPrivateRedis, error.code == .infrastructure else {
        throw error
      }
      return try reopen(directory, needsLoopback, attempts: attempts - 1)
    }
  }

  private func makeHost() throws(RunnerError) -> HostLoop {
    do {
      return try HostLoop(signals: [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2])
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }
}
