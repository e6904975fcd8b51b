import JSONValue
import JobProtocol
import Posix
import Redis
import Runs
import Sites
import Synchronization
import Workflow

/// The workflow with its functions and configuration, from the file of a new run or from the Redis
/// of an existing run.
struct LoadedWorkflow: Sendable {
  /// The settings of the run, with a site for each worker pool of the workflow.
  let settings: RunSettings
  let workflow: Workflow
  /// The text that the workflow was read from. The file may change at any time.
  let text: WorkflowText
  let functions: FunctionCatalog
  let configuration: JSONObject
  /// Which site each process runs on.
  let routing: Routing
  /// The workflow's number, as the original engine gives one; `nil` for a new run.
  let workflowNumber: Int?
  /// The workflow's file exists and differs from the text that the run has kept.
  let fileHasChanged: Bool

  /// Reads the files of a new run.
  init(reading settings: RunSettings) throws(RunnerError) {
    let read = try WorkflowFile.read(
      settings.workflowPath, text: settings.workflowText.map { Array($0.utf8) },
      variables: settings.variables, invokerIsChosen: settings.invokerIsChosen)
    (workflow, configuration, text) = (
      read.workflow, read.configuration, WorkflowText(read.text)
    )
    workflowNumber = nil
    fileHasChanged = false
    functions = try Self.functions(of: workflow, settings)
    (self.settings, routing) = try Self.placed(workflow, configuration, functions, settings)
  }

  /// Reads what an existing run has kept. The run continues with that text, even if the file has
  /// changed since.
  init(of request: RunSettings, at url: RedisURL) throws(RunnerError) {
    let keys = RunKeys(request.run)
    let replies: [RedisValue]
    do throws(RedisError) {
      replies = try RedisConnection(url).run([
        RedisCommand("GET", keys.workflow), RedisCommand("HGET", keys.info, "settings"),
        RedisCommand("HGET", keys.info, "number"),
      ])
    } catch {
      throw RunnerError(.infrastructure, "\(error)")
    }
    guard let text = replies[0].bytes, let kept = replies[1].bytes,
      let json = try? JSON(parsing: kept), let settings = request.completed(by: json)
    else {
      throw RunnerError(
        .infrastructure,
        "there is no run \(request.run.short) on Redis at \(url) that could be resumed; if that "
          + "server was emptied, or restarted without its data, start the workflow again with: "
          + "hflow-tui run")
    }
    let reading = Workflow.read(text, variables: settings.variables)
    guard let workflow = reading.workflow else {
      throw RunnerError(
        .invalidWorkflow, reading.findings.filter { $0.severity == .error }.map { "\($0)" })
    }
    self.workflow = workflow
    self.text = WorkflowText(text)
    fileHasChanged = Self.fileHasChanged(settings, since: text)
    configuration =
      WorkflowConfiguration.read(directory: Files.parent(of: settings.workflowPath)).appConfig
    workflowNumber = replies[2].string.flatMap { Int($0) }
    functions = try Self.functions(of: workflow, settings)
    (self.settings, routing) = try Self.placed(workflow, configuration, functions, settings)
  }

  private static func fileHasChanged(_ settings: RunSettings, since text: [UInt8]) -> Bool {
    guard !settings.isPiped, let now = try? Files.readRegular(settings.workflowPath) else {
      return false
    }
    return now != text
  }

  /// The settings with the sites of pools, and which site each process runs on.
  private static func placed(
    _ workflow: Workflow, _ configuration: JSONObject, _ functions: FunctionCatalog,
    _ settings: RunSettings
  ) throws(RunnerError) -> (RunSettings, Routing) {
    do throws(SiteMistake) {
      var settings = settings
      var routing = try Routing(
        workflow.processes.map { ($0.name, $0.config["site"]?.string) },
        sites: settings.sites.map(\.name), routes: settings.routes)
      if settings.hasKubernetes {
        let pools = try WorkerPools(configuration["executionModels"])
        settings.addSites(of: pools, workflow, functions, &routing)
        try settings.checkImages(workflow, functions, routing)
      }
      return (settings, routing)
    } catch {
      throw RunnerError(.invalidWorkflow, "\(error)")
    }
  }

  /// Foreign executors may not support Unix sockets.
  func needsLoopback(_ settings: RunSettings) -> Bool {
    settings.executorCommand != nil || functions.needJavaScript || settings.redisListen != nil
  }

  private static func functions(
    of workflow: Workflow, _ settings: RunSettings
  ) throws(RunnerError) -> FunctionCatalog {
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
}

/// The text of a workflow, kept only until Redis has it: the text of 100,000 processes takes as
/// much memory as the engine that runs them.
final class WorkflowText: Sendable {
  /// The length in bytes.
  let count: Int
  private let text: Mutex<[UInt8]>

  init(_ bytes: [UInt8]) {
    count = bytes.count
    text = Mutex(bytes)
  }

  /// Empty after `release`.
  var bytes: [UInt8] { text.withLock { $0 } }

  func release() { text.withLock { $0 = [] } }
}

/// A run's settings, material, directory and Redis.
struct PreparedRun: Sendable {
  let settings: RunSettings
  let loaded: LoadedWorkflow
  let directory: RunDirectory
  let server: RunServer
}
