internal import Engine
import HumanText
internal import JobProtocol
internal import Workflow

/// A command of the palette that takes words after its name; the command line has the same ones.
struct Verb: Sendable {
  let name: String
  /// What follows the name, for the list: `[tasks]`.
  let usage: String
  let help: String
  let words: WordKind
  /// Does it. What is wrong with the words is thrown, in one line.
  let run: @Sendable ([String], inout Model) throws(PaletteError) -> [Effect]

  /// Words with a meaning of their own, for completion.
  var options: [String] {
    switch name {
    case "retry": ["--failed", "--downstream"]
    case "hold", "release": [Model.processOption]
    default: []
    }
  }

  /// What its words are, for completion.
  enum WordKind: Sendable {
    case tasks
    case stages
    case oneOf([String])
    case workers
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
      help: "run tasks again; --downstream: and all after", words: .tasks,
      run: retry),
    Verb(
      name: "skip", usage: "[tasks]", help: "emit the outputs of failed tasks",
      words: .tasks
    ) { words, model throws(PaletteError) in try model.act(.skip, words) },
    Verb(
      name: "cancel", usage: "[tasks]", help: "cancel tasks", words: .tasks
    ) { words, model throws(PaletteError) in try model.act(.cancel, words) },
    Verb(
      name: "hold", usage: "[--process] [tasks]",
      help: "keep tasks or processes from starting", words: .tasks
    ) { words, model throws(PaletteError) in try model.hold(true, words) },
    Verb(
      name: "release", usage: "[--process] [tasks]", help: "let held tasks or processes go",
      words: .tasks
    ) { words, model throws(PaletteError) in try model.hold(false, words) },
    Verb(name: "pause", usage: "", help: "start no new jobs", words: .none) {
      words, model throws(PaletteError) in
      try model.ask(.pause, "pause", words, unless: model.run.isPaused, "it is paused already")
    },
    Verb(
      name: "continue", usage: "", help: "go on after a pause, or a stop at a failure",
      words: .none
    ) { words, model throws(PaletteError) in
      try model.ask(
        .continue, "go on", words, mends: true, unless: !model.run.canContinue, "it is not paused")
    },
    Verb(name: "slots", usage: "N", help: "run N jobs at a time", words: .none, run: slots),
    Verb(
      name: "fail-fast", usage: "on | off", help: "stop at the first failure, or go on",
      words: .oneOf(["on", "off"]), run: failFast),
    Verb(
      name: "drain", usage: "worker", help: "let a worker end its jobs and leave",
      words: .workers, run: drain),
    Verb(name: "stop", usage: "", help: "cancel everything and end the run", words: .none) {
      words, model throws(PaletteError) in
      try model.perform(.run(.stop), words)
    },
    Verb(name: "close", usage: "", help: "close a run that waits for retries", words: .none) {
      words, model throws(PaletteError) in
      try model.perform(.run(.close), words)
    },
    Verb(
      name: "resume", usage: "", help: "resume a run whose engine is gone", words: .none,
      run: resume),
    Verb(
      name: "filter", usage: "[text]", help: "show only tasks that fit; nothing shows all",
      words: .tasks, run: filter),
    Verb(
      name: "switch", usage: "run", help: "watch another run, by the beginning of its id",
      words: .none, run: switchRun),
    Verb(
      name: "theme", usage: "name", help: "change the colours",
      words: .oneOf(ThemeName.allCases.map(\.rawValue)), run: theme),
  ]
}

// MARK: - What they do

extension Verb {
  private static func retry(
    _ words: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    var words = words
    let isDownstream = words.contains("--downstream")
    words.removeAll { $0 == "--downstream" }
    if words == ["--failed"], !isDownstream {
      return try model.perform(.task(.retryAll), [])
    }
    guard !words.contains("--failed") else {
      throw PaletteError("retry --failed takes nothing else: it means all that failed")
    }
    return try model.act(.retry, words, scope: isDownstream ? .downstream : nil)
  }

  private static func slots(
    _ words: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    let range = ExecutorOrder.chosenSlots
    guard words.count == 1, let count = Int(words[0]), range.contains(count) else {
      throw PaletteError(
        "slots needs a number from 1 to \(range.upperBound), as in: slots 8")
    }
    return try model.ask(.slots(count), "run \(Formats.counted(count, "job")) at a time", [])
  }

  private static func failFast(
    _ words: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    switch words {
    case ["on"]: return try model.ask(.failFast(true), "stop at the first failure", [])
    case ["off"]: return try model.ask(.failFast(false), "go on after failures", [])
    default: throw PaletteError("fail-fast needs on or off")
    }
  }

  private static func drain(
    _ words: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    let names = model.run.workers.filter { !$0.isGone }.map(\.name)
    let name = words.joined(separator: " ")
    guard names.contains(name) else {
      throw PaletteError(
        name.isEmpty
          ? "drain needs the name of a worker" : "there is no worker \(name.displayName)")
    }
    return try model.ask(.drain(worker: name), "drain \(name.displayName)", [])
  }

  private static func resume(
    _ words: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    try model.refuse(words)
    // The engine that is started brings the run's own Redis back.
    if case .lost = model.connection, !model.lacksEngine {
      throw PaletteError("Redis cannot be reached just now: try again when it is back")
    }
    let isStopped = model.phase == .closed && model.run.status == .cancelled
    guard model.replay == nil, model.lacksEngine || isStopped else {
      throw PaletteError(
        model.phase == .closed
          ? "the run is closed: a retry opens it again" : "the run's engine is there")
    }
    model.say("starting another engine …")
    return [.world(.resume)]
  }

  private static func filter(
    _ words: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    do throws(TaskFilterError) {
      let filter = try TaskFilter(words.joined(separator: " "))
      model.choose(.tasks)
      model.tasks.show(stage: model.tasks.stage, filter: filter, model.run)
    } catch {
      throw PaletteError(error.description)
    }
    return []
  }

  private static func switchRun(
    _ words: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    guard words.count == 1 else {
      throw PaletteError("switch needs the id of a run, or its beginning: `hflow-tui list`")
    }
    model.say("looking for run \(words[0].displayName) …")
    return [.world(.switchRun(words[0]))]
  }

  private static func theme(
    _ words: [String], _ model: inout Model
  ) throws(PaletteError) -> [Effect] {
    guard words.count == 1, let name = ThemeName(rawValue: words[0]) else {
      let names = ThemeName.allCases.map(\.rawValue).joined(separator: ", ")
      throw PaletteError("theme needs one of \(names)")
    }
    model.choose(theme: name)
    return []
  }
}
