public import JSONValue

/// A request to a run's engine: one entry of the control stream (field `c`, JSON).
public enum ControlRequest: Sendable, Equatable {
  /// Retries ended tasks. Starts scheduled retries at once. Ignores other tasks.
  case retry([TaskReference], RetryScope)
  case retryAllFailed
  /// Retries one task with another command, environment or limit.
  case edit(TaskReference, JobEdit, RetryScope)
  /// Sends the outputs of failed tasks as if they had succeeded.
  case skip([TaskReference])
  case cancel([TaskReference])
  /// Holds tasks that no executor has, also tasks that have not fired yet.
  case hold([TaskReference])
  case release([TaskReference])
  /// Holds processes, by number.
  case holdProcesses([Int])
  case releaseProcesses([Int])
  /// Stop starting jobs; running jobs continue.
  case pause
  case `continue`
  /// Whether the first failure stops the run.
  case failFast(Bool)
  /// How many jobs each of the run's workers runs at a time.
  case slots(Int)
  /// Let a worker finish its jobs, then exit.
  case drain(worker: String)
  /// Change the number of workers that a site has.
  case workers(WorkersRequest)
  /// Cancel all jobs and end the run.
  case stop
  /// Close a run that waits for retries.
  case close
  /// A watcher has left; names its id.
  case leave(watcher: String)
}

/// A task within a run.
public struct TaskReference: Hashable, Sendable {
  public let process: Int
  public let firing: Int

  public init(process: Int, firing: Int) {
    self.process = process
    self.firing = firing
  }
}

extension ControlRequest {
  public var json: JSON {
    switch self {
    case .retry(let tasks, let scope):
      ["do": "retry", "tasks": Self.list(tasks), "scope": .string(scope.rawValue)]
    case .retryAllFailed: ["do": "retryAllFailed"]
    case .edit(let task, let edit, let scope):
      [
        "do": "edit", "tasks": Self.list([task]), "edit": edit.json,
        "scope": .string(scope.rawValue),
      ]
    case .skip(let tasks): ["do": "skip", "tasks": Self.list(tasks)]
    case .cancel(let tasks): ["do": "cancel", "tasks": Self.list(tasks)]
    case .hold(let tasks): ["do": "hold", "tasks": Self.list(tasks)]
    case .release(let tasks): ["do": "release", "tasks": Self.list(tasks)]
    case .holdProcesses(let list): ["do": "holdProcesses", "processes": Self.numbers(list)]
    case .releaseProcesses(let list): ["do": "releaseProcesses", "processes": Self.numbers(list)]
    case .pause: ["do": "pause"]
    case .continue: ["do": "continue"]
    case .failFast(let on): ["do": "failFast", "on": .bool(on)]
    case .slots(let count): ["do": "slots", "count": .int(count)]
    case .drain(let worker): ["do": "drain", "worker": .string(worker)]
    case .workers(let request): request.json
    case .stop: ["do": "stop"]
    case .close: ["do": "close"]
    case .leave(let watcher): ["do": "leave", "watcher": .string(watcher)]
    }
  }

  /// `nil` if the text is not a request.
  public init?(_ value: JSON) {
    let scope = value["scope"]?.string.flatMap(RetryScope.init(rawValue:)) ?? .alone
    switch value["do"]?.string {
    case "retry": self = .retry(Self.tasks(value), scope)
    case "retryAllFailed": self = .retryAllFailed
    case "edit":
      guard let task = Self.tasks(value).first, let edit = value["edit"].flatMap(JobEdit.init)
      else { return nil }
      self = .edit(task, edit, scope)
    case "skip": self = .skip(Self.tasks(value))
    case "cancel": self = .cancel(Self.tasks(value))
    case "hold": self = .hold(Self.tasks(value))
    case "release": self = .release(Self.tasks(value))
    default:
      guard let other = Self.runRequest(value) else { return nil }
      self = other
    }
  }

  private static func runRequest(_ value: JSON) -> ControlRequest? {
    switch value["do"]?.string {
    case "holdProcesses": .holdProcesses(processes(value))
    case "releaseProcesses": .releaseProcesses(processes(value))
    case "pause": .pause
    case "continue": .continue
    case "failFast": value["on"]?.bool.map { .failFast($0) }
    case "slots":
      value["count"]?.int.flatMap { ExecutorOrder.chosenSlots.contains($0) ? .slots($0) : nil }
    case "drain": value["worker"]?.string.map { .drain(worker: $0) }
    case "workers": WorkersRequest(value).map { .workers($0) }
    case "stop": .stop
    case "close": .close
    case "leave": value["watcher"]?.string.map { .leave(watcher: $0) }
    default: nil
    }
  }

  private static func numbers(_ list: [Int]) -> JSON { .array(list.map(JSON.int)) }

  private static func processes(_ value: JSON) -> [Int] {
    (value["processes"]?.array ?? []).compactMap(\.int)
  }

  private static func list(_ tasks: [TaskReference]) -> JSON {
    .array(tasks.map { [.int($0.process), .int($0.firing)] })
  }

  private static func tasks(_ value: JSON) -> [TaskReference] {
    (value["tasks"]?.array ?? []).compactMap { item in
      guard let numbers = item.array?.compactMap(\.int), numbers.count == 2 else { return nil }
      return TaskReference(process: numbers[0], firing: numbers[1])
    }
  }
}
