internal import Engine
import HumanText
internal import JobProtocol
internal import Workflow

/// A command of the palette with arguments; the command line has the same ones.
struct Verb: Sendable {
  let name: String
  /// The arguments, for the list: `[tasks]`.
  let usage: String
  let help: String
  let argumentKind: ArgumentKind
  /// Runs the command. Throws one line about wrong arguments.
  let run: @Sendable ([String], inout Model) throws(PaletteError) -> [Effect]

  /// Keywords, for completion.
  var options: [String] {
    switch name {
    case "retry": ["--failed", "--downstream"]
    case "hold", "release": [Model.processOption]
    default: []
    }
  }

  /// The kind of its arguments, for completion.
  enum ArgumentKind: Sendable {
    case tasks
    case stages
    case oneOf([String])
    case workers
    case runs
    /// The name of a setting, then its values.
    case settings
    case none
  }
}

struct PaletteError: Error, Equatable {
  let text: String
  init(_ text: String) { self.text = text }
}

extension Verb {
  /// In the order of the list.
  static let all: [Verb] = [
    Verb(
      name: "retry", usage: "[--failed | --downstream] [tasks]",
      help: "retry tasks; --downstream: also all downstream", argumentKind: .tasks,
      run: retry),
    Verb(
      name: "skip", usage: "[tasks]", help: "skip failed tasks: send their outputs",
      argumentKind: .tasks
    ) { arguments, model throws(PaletteError) in try model.performOnTasks(.skip, arguments) },
    Verb(
      name: "cancel", usage: "[tasks]", help: "cancel tasks", argumentKind: .tasks
    ) { arguments, model throws(PaletteError) in try model.performOnTasks(.cancel, arguments) },
    Verb(
      name: "hold", usage: "[--process] [tasks]",
      help: "hold tasks or processes", argumentKind: .tasks
    ) { arguments, model throws(PaletteError) in try model.hold(true, arguments) },
    Verb(
      name: "release", usage: "[--process] [tasks]", help: "release held tasks or processes",
      argumentKind: .tasks
    ) { arguments, model throws(PaletteError) in try model.hold(false, arguments) },
    Verb(name: "pause", usage: "", help: "stop starting jobs", argumentKind: .none) {
      arguments, model throws(PaletteError) in
      try model.send(
        .pause, "pause", arguments, unless: model.run.isPaused, "the run is already paused")
    },
    Verb(
      name: "continue", usage: "", help: "start jobs again after a pause or a failure",
      argumentKind: .none
    ) { arguments, model throws(PaletteError) in
      try model.send(
        .continue, "continue", arguments, restartsEngine: true, unless: !model.run.canContinue,
        "it is not paused")
    },
    Verb(name: "slots", usage: "N", help: "run N jobs at a time", argumentKind: .none, run: slots),
    Verb(
      name: "fail-fast", usage: "on | off", help: "stop at the first failure, or keep going",
      argumentKind: .oneOf(["on", "off"]), run: failFast),
    Verb(
      name: "drain", usage: "worker", help: "let a worker finish its jobs, then exit",
      argumentKind: .workers, run: drain),
    Verb(
      name: "workers", usage: "add | drain | remove  site [N | worker]",
      help: "change the workers of a site",
      argumentKind: .oneOf(WorkersRequest.Change.allCases.map(\.rawValue)), run: steerWorkers),
    Verb(name: "stop", usage: "", help: "cancel all jobs and end the run", argumentKind: .none) {
      arguments, model throws(PaletteError) in
      try model.perform(.run(.stop), arguments)
    },
    Verb(name: "close", usage: "", help: "close a run that waits for retries", argumentKind: .none)
    {
      arguments, model throws(PaletteError) in
      try model.perform(.run(.close), arguments)
    },
    Verb(
      name: "resume", usage: "", help: "restart the engine of an interrupted run",
      argumentKind: .none,
      run: resume),
    Verb(
      name: "filter", usage: "[text]", help: "show only matching tasks; without text, all",
      argumentKind: .tasks, run: filter),
    Verb(
      name: "switch", usage: "run", help: "watch another run",
      argumentKind: .runs, run: switchRun),
    Verb(
      name: "theme", usage: "name", help: "change the colours",
      argumentKind: .oneOf(ThemeName.allCases.map(\.rawValue)), run: theme),
    Verb(
      name: "set", usage: "setting values", help: "change a setting of the screen and keep it",
      argumentKind: .settings, run: set),
  ]
}

// MARK: - What they do

extension Verb {
  private static func retry(
    _ arguments: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    var arguments = arguments
    let isDownstream = arguments.contains("--downstream")
    arguments.removeAll { $0 == "--downstream" }
    if arguments == ["--failed"], !isDownstream {
      return try model.perform(.task(.retryAll), [])
    }
    guard !arguments.contains("--failed") else {
      throw PaletteError("retry --failed takes no tasks")
    }
    return try model.performOnTasks(.retry, arguments, scope: isDownstream ? .downstream : nil)
  }

  private static func slots(
    _ arguments: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    let range = ExecutorOrder.chosenSlots
    guard arguments.count == 1, let count = Int(arguments[0]), range.contains(count) else {
      throw PaletteError(
        "slots must be a number from 1 to \(range.upperBound), as in: slots 8")
    }
    return try model.send(.slots(count), "run \(Formats.counted(count, "job")) at a time", [])
  }

  private static func failFast(
    _ arguments: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    switch arguments {
    case ["on"]: return try model.send(.failFast(true), "stop at the first failure", [])
    case ["off"]: return try model.send(.failFast(false), "keep going after failures", [])
    default: throw PaletteError("fail-fast needs on or off")
    }
  }

  private static func drain(
    _ arguments: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    let names = model.run.workers.filter { !$0.isGone }.map(\.name)
    let name = arguments.joined(separator: " ")
    guard names.contains(name) else {
      throw PaletteError(
        name.isEmpty
          ? "drain needs the name of a worker" : "unknown worker \(name.displayName)")
    }
    return try model.send(.drain(worker: name), "drain \(name.displayName)", [])
  }

  private static func steerWorkers(
    _ arguments: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    guard (2...3).contains(arguments.count),
      let change = WorkersRequest.Change(rawValue: arguments[0])
    else { throw PaletteError("workers needs a change and a site, as in: workers add slurm 4") }
    var request = WorkersRequest(change, site: arguments[1])
    if arguments.count == 3 {
      if let count = Int(arguments[2]) {
        guard WorkersRequest.countRange.contains(count) else {
          throw PaletteError("the number of workers must be at least 1, as in: workers add slurm 4")
        }
        request.count = count
      } else if change != .add {
        request.worker = arguments[2]
      } else {
        throw PaletteError("workers add needs a number, as in: workers add slurm 4")
      }
    }
    return try model.send(
      .workers(request), "\(change.rawValue) workers of \(arguments[1].displayName)", [])
  }

  private static func resume(
    _ arguments: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    try model.rejectArguments(arguments)
    // The restarted engine restarts the run's own Redis.
    if case .lost = model.connection, !model.lacksEngine {
      throw PaletteError("Redis does not answer: try again when it is back")
    }
    let isStopped = model.phase == .closed && model.run.status == .cancelled
    guard model.replay == nil, model.lacksEngine || isStopped else {
      throw PaletteError(
        model.phase == .closed
          ? "the run is closed: a retry reopens it" : "the run has an engine")
    }
    model.showMessage("restarting the engine …")
    return [.world(.resume)]
  }

  private static func filter(
    _ arguments: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    do throws(TaskFilterError) {
      let filter = try TaskFilter(arguments.joined(separator: " "))
      model.choose(.tasks)
      model.tasks.show(stage: model.tasks.stage, filter: filter, model.run)
    } catch {
      throw PaletteError(error.description)
    }
    return []
  }

  private static func switchRun(
    _ arguments: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    guard arguments.count == 1 else {
      throw PaletteError("switch needs the id of a run: `hflow-tui list`")
    }
    model.showMessage("opening run \(arguments[0].displayName) …")
    return [model.opening(run: arguments[0])]
  }

  private static func theme(
    _ arguments: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    guard arguments.count == 1, let name = ThemeName(rawValue: arguments[0]) else {
      let names = ThemeName.allCases.map(\.rawValue).joined(separator: ", ")
      throw PaletteError("theme needs one of \(names)")
    }
    model.choose(theme: name)
    return []
  }

  /// Keeps the setting for later screens.
  private static func set(
    _ arguments: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    guard let name = arguments.first, arguments.count > 1 else {
      throw PaletteError("set needs a setting and its value, as in: set theme light")
    }
    var preferences = model.preferences
    do throws(PreferenceError) {
      try preferences.save(name, Array(arguments.dropFirst()))
    } catch {
      throw PaletteError(error.description)
    }
    model.apply(preferences, setting: name)
    model.showMessage("\(name) is set, and kept")
    return [.world(.keep(settings: preferences.savedLines))]
      + (name == "mouse" ? [.setMouse(model.mouseIsOn)] : [])
  }
}
