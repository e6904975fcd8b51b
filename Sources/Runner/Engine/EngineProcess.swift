public import Engine
import Glibc
import JSONValue
import JobProtocol
public import Logging
import Posix
import Redis
import Synchronization
import Workflow

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
    let (workflow, configuration) = try WorkflowFile.read(
      settings.workflowPath, variables: settings.variables,
      invokerIsChosen: settings.invokerIsChosen)
    let functions = try functions(of: workflow)
    let directory = try RunDirectory.create(
      for: settings.run, workflowDirectory: Files.parent(of: settings.workflowPath))
    let server = try RunServer.start(
      settings: settings, directory: directory,
      // Executors of another make may not know sockets.
      needsLoopback: settings.executorCommand != nil || functions.needJavaScript)
    let session = EngineSession(
      settings: settings, workflow: workflow, functions: functions,
      configuration: configuration, directory: directory, server: server, host: host,
      observer: observer, log: log)
    let begun: EngineSession.Begun
    do throws(RunnerError) {
      begun = try Blocking.wait { () throws(RunnerError) in try await session.begin() }
    } catch {
      server.stop()
      throw error
    }
    ready(Ready(redisURL: server.url.text, directory: directory.path))
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
    server.stop()
    guard let outcome = result.withLock({ $0 }) else {
      throw RunnerError(.infrastructure, "the engine ended without a result")
    }
    return try outcome.get()
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

  private func functions(of workflow: Workflow) throws(RunnerError) -> FunctionCatalog {
    let functions = FunctionCatalog(
      workflow, directory: Files.parent(of: settings.workflowPath),
      invokerIsChosen: settings.invokerIsChosen)
    if functions.needJavaScript, JavaScriptHost.program == nil {
      throw RunnerError(
        .infrastructure,
        "the workflow has functions in JavaScript, and there is no \"node\" in PATH: "
          + "install Node.js (Debian: apt-get install nodejs)")
    }
    return functions
  }

  private func makeHost() throws(RunnerError) -> HostLoop {
    do {
      return try HostLoop(signals: [SIGTERM, SIGINT, SIGHUP])
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
  }
}
