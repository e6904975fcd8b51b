public import JSONValue

/// What a person asks of a run's engine, as one entry of the control stream (field `c`, JSON).
public enum ControlRequest: Sendable, Equatable {
  /// Runs failed tasks again. Tasks that did not fail are passed over.
  case retry([TaskReference])
  case retryAllFailed
  /// Emits the outputs of failed tasks as if they had been done.
  case skip([TaskReference])
  case cancel([TaskReference])
  /// Cancels everything and ends the run.
  case stop
  /// Ends a run that can go no further although somebody watches it.
  case close
  /// A watcher left; by its id.
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
    case .retry(let tasks): ["do": "retry", "tasks": Self.list(tasks)]
    case .retryAllFailed: ["do": "retryAllFailed"]
    case .skip(let tasks): ["do": "skip", "tasks": Self.list(tasks)]
    case .cancel(let tasks): ["do": "cancel", "tasks": Self.list(tasks)]
    case .stop: ["do": "stop"]
    case .close: ["do": "close"]
    case .leave(let watcher): ["do": "leave", "watcher": .string(watcher)]
    }
  }

  /// `nil` for what is no request.
  public init?(_ value: JSON) {
    switch value["do"]?.string {
    case "retry": self = .retry(Self.tasks(value))
    case "retryAllFailed": self = .retryAllFailed
    case "skip": self = .skip(Self.tasks(value))
    case "cancel": self = .cancel(Self.tasks(value))
    case "stop": self = .stop
    case "close": self = .close
    case "leave":
      guard let watcher = value["watcher"]?.string else { return nil }
      self = .leave(watcher: watcher)
    default: return nil
    }
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

/// What an engine tells executors, as a message on the executors' channel: `cancel <jobId>`.
public enum ExecutorOrder: Sendable, Equatable {
  case cancel(job: String)
  /// Take no more jobs, finish those that run, leave.
  case drain

  public var text: String {
    switch self {
    case .cancel(let job): "cancel \(job)"
    case .drain: "drain"
    }
  }

  public init?(text: String) {
    if text == "drain" {
      self = .drain
    } else if text.hasPrefix("cancel ") {
      self = .cancel(job: String(text.dropFirst("cancel ".count)))
    } else {
      return nil
    }
  }
}
