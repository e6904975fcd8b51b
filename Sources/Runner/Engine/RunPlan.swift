public import Engine
public import JobProtocol
import Logging
import Redis
import Signing
import Workflow

/// What is fixed about a run once it starts.
struct RunPlan: Sendable {
  let run: RunID
  let workflow: Workflow
  /// The number that the original engine would have given to the workflow.
  let workflowNumber: Int
  let info: RunInfo
  let machineOptions: RunMachine.Options
  let functions: FunctionCatalog
  let functionEnvironment: FunctionEnvironment
  /// Signs job messages, and must have signed what people ask for.
  let signingKey: SigningKey?
  /// What need not run again.
  var recovery: Recovery?
  /// Signals to be sent at the start, besides initial data.
  let inputsToSend: [SignalID]

  /// How much of the jobs' output Redis may keep, in bytes.
  var logMemory = RunSettings.defaultLogMemory << 20
  /// What people should know about where it runs.
  var notices: [String] = []

  /// A run that a person had stopped goes on when it is resumed.
  var takesUpStopped = false
  /// Executors of another make keep to no limit of ours.
  let executorsAreForeign: Bool
  /// What people should know of the run's Redis, a line each.
  var serverWarnings: [String] = []
  /// The longest value that it takes, in bytes.
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
  /// How long a report may be on its way after its executor has ended.
  var suspicionMilliseconds = 500
}

/// Who wants to know in the engine's own process what happens: headless output.
public protocol RunObserver: Sendable {
  /// The run as it is before anything happens: new (`info` is `nil`), or as its journal has it.
  /// `state` makes or gives its state, which takes much memory for a large run.
  func begins(_ info: RunInfo?, _ state: () -> RunState)
  /// Events that are in the journal now.
  func happened(_ events: [RunEvent])
  /// Lines that an in-engine function printed.
  func printed(_ lines: [String], by firing: FiringID)
  /// Redis is away, or there again. Returns whether somebody reads it; else it is logged.
  func heard(_ news: RedisNews) -> Bool
  /// Nothing can happen any more, and the engine does not end because somebody watches the run.
  func staysOpen(_ run: RunID)
}

extension RunObserver {
  public func heard(_ news: RedisNews) -> Bool { false }
  public func staysOpen(_ run: RunID) {}
}

/// Nobody does.
public struct NoObserver: RunObserver {
  public init() {}
  public func begins(_ info: RunInfo?, _ state: () -> RunState) {}
  public func happened(_ events: [RunEvent]) {}
  public func printed(_ lines: [String], by firing: FiringID) {}
}

extension FiringID {
  init(_ task: TaskReference) { self.init(ProcessID(number: task.process), task.firing) }
  init(_ task: TaskID) { self.init(ProcessID(number: task.process), task.firing) }
}

extension AttemptID {
  init(_ job: JobID) { self.init(FiringID(job.task), job.attempt) }
}
