public import Engine
public import JobProtocol
import Logging
import Redis
import Runs
import Signing
import Workflow

/// What is fixed about a run once it starts.
struct RunPlan: Sendable {
  let run: RunID
  let workflow: Workflow
  /// The workflow's number, as the original engine gives one. It is part of task ids.
  let workflowNumber: Int
  let info: RunInfo
  let machineOptions: RunMachine.Options
  let functions: FunctionCatalog
  let functionEnvironment: FunctionEnvironment
  /// Signs job messages and verifies requests; `nil` for an unsigned run.
  let signingKey: SigningKey?
  /// The firings of a persistence log, which need not run again.
  var recovery: Recovery?
  /// Tasks that need not run, because nothing has changed since a former run; their files' stamps.
  var unchanged: [FiringID: String] = [:]
  /// Signals to send at the start, besides those with initial data.
  let inputsToSend: [SignalID]

  /// How much of the jobs' output Redis may keep, in bytes.
  var logMemory = RunSettings.defaultLogMemory << 20
  /// Notices about where the run's files are.
  var notices: [String] = []

  /// When it is resumed, a run continues even if a user had stopped it.
  var resumesStopped = false
  /// Jobs run on foreign executors (`--executor-command`), which do not enforce our time limits.
  let executorsAreForeign: Bool
  /// Warnings about the run's Redis, one line each.
  var serverWarnings: [String] = []
  /// The longest value that Redis accepts, in bytes.
  var longestValue = ServerCheck.usualLongestValue

  var keys: RunKeys { RunKeys(run) }
  var completedKey: String { OriginalKeys.completedTasks(workflow: "\(workflowNumber)") }

  func runsAsJob(_ process: ProcessID) -> Bool { functions.runsAsJob(workflow[process]) }

  /// Whether the id is that of a job that the engine itself made.
  func isJob(_ id: JobID) -> Bool {
    id.task.run == run && workflow.processes.indices.contains(id.task.process - 1)
      && runsAsJob(ProcessID(number: id.task.process))
  }
}

/// Everything that a `RunEngine` works with.
struct EngineParts: Sendable {
  let plan: RunPlan
  let journal: Journal
  let redis: RedisClient
  let invokers: InvokerTable
  let messages: JobMessageBuilder
  let javaScript: JavaScriptHost
  let inbox: Inbox<EngineMessage>
  let pace: ReadingPace
  let host: HostLoop
  let watchers: WatcherRegister
  let completions: CompletionCollector
  let directory: RunDirectory
  let observer: any RunObserver
  let log: Logger
  /// How long a report may still be on its way after its executor has ended.
  var reportWaitMilliseconds = 500
}

/// Follows a run in the engine's own process, as headless output does.
public protocol RunObserver: Sendable {
  /// Called once, first. `info` is `nil` for a new run. `state` gives the run's state so far, which
  /// takes much memory for a large run.
  func runStarted(_ info: RunInfo?, _ state: () -> RunState)
  /// Events that have been committed.
  func committed(_ events: [RunEvent])
  /// Lines that an in-engine function printed.
  func printed(_ lines: [String], by firing: FiringID)
  /// The connection to Redis was lost or is back. Returns false to have it logged.
  func redisChanged(_ change: OutageChange) -> Bool
  /// The run has settled, but stays open because somebody watches it.
  func staysOpen(_ run: RunID)
}

extension RunObserver {
  public func redisChanged(_ change: OutageChange) -> Bool { false }
  public func staysOpen(_ run: RunID) {}
}

/// An observer that ignores everything.
public struct NoObserver: RunObserver {
  public init() {}
  public func runStarted(_ info: RunInfo?, _ state: () -> RunState) {}
  public func committed(_ events: [RunEvent]) {}
  public func printed(_ lines: [String], by firing: FiringID) {}
}
