import Engine
import JobProtocol
import Testing
import Workflow

/// A run made of events, without an engine: any state that a journal can lead to.
struct JournaledRun {
  var state: RunState
  private var time = 1_000_000

  init(_ body: String) throws {
    let reading = Workflow.read(Array("{\(body)}".utf8), variables: [:])
    state = RunState(workflow: try #require(reading.workflow, "\(reading.findings)"))
  }

  mutating func append(_ changes: RunEvent.Change...) {
    for change in changes {
      time += 1000
      state.apply(RunEvent(time: time, change))
    }
  }

  static func executor(_ name: String, host: String = "node-a") -> ExecutorIdentity {
    ExecutorIdentity(name: name, host: host, pid: 1)
  }

  /// Sends bare instances of a signal.
  mutating func send(_ signal: String, _ count: Int = 1, from source: FiringID? = nil) throws {
    let id = try signalID(signal)
    for _ in 0..<count { append(.signalSent(id, .bare, source: source)) }
  }

  func signalID(_ name: String) throws -> SignalID {
    try #require(state.workflow.signals.first { $0.name == name }?.id)
  }

  func firing(_ label: String) throws -> FiringID {
    let (process, number) = try #require(state.workflow.parse(label: label), "\(label)")
    return FiringID(process, number)
  }

  func labels(_ firings: [FiringID]) -> [String] {
    firings.map { state.workflow.label(process: $0.process, firing: $0.number) }
  }

  func labels(_ text: String) throws -> [String] {
    labels(state.tasks(matching: try TaskFilter(text)))
  }

  @discardableResult
  mutating func fire(_ label: String, consumed: [SignalID: Int] = [:]) throws -> FiringID {
    let firing = try firing(label)
    append(.taskFired(firing, consumed: consumed), .jobSubmitted(AttemptID(firing, 1)))
    return firing
  }

  mutating func take(_ firing: FiringID, by worker: ExecutorIdentity = executor("w-1")) {
    append(.jobTaken(attempt(firing), worker))
  }

  mutating func start(_ firing: FiringID, by worker: ExecutorIdentity = executor("w-1")) {
    take(firing, by: worker)
    append(.jobStarted(attempt(firing), worker, pid: 7))
  }

  mutating func end(
    _ firing: FiringID, _ outcome: JobOutcome = .succeeded, _ line: String = ""
  ) {
    var usage = JobUsage()
    usage.lastLine = line
    append(.jobFinished(attempt(firing), outcome, usage, outputs: nil))
  }

  /// Fires, starts and ends a task, and sends its outputs when it is done.
  mutating func run(
    _ label: String, _ outcome: JobOutcome = .succeeded, _ line: String = "",
    by worker: ExecutorIdentity = executor("w-1")
  ) throws {
    let firing = try fire(label)
    start(firing, by: worker)
    end(firing, outcome, line)
    guard outcome == .succeeded else { return }
    for output in state.workflow[firing.process].outputs {
      append(.signalSent(output.signal, .bare, source: firing))
    }
  }

  func attempt(_ firing: FiringID) -> AttemptID {
    AttemptID(firing, state.task(firing)?.lastAttempt?.number ?? 1)
  }
}

/// n × project → n × diff → concat → add.
enum Mosaic {
  static func body(_ tiles: Int) -> String {
    let numbers = Array(0..<tiles)
    func names(_ name: String) -> String {
      "[" + numbers.map { "\"\(name)\($0)\"" }.joined(separator: ", ") + "]"
    }
    func each(_ name: String, _ input: String, _ output: String) -> [String] {
      numbers.map {
        process(
          name, ins: "[\"\(input)\($0)\"]", outs: "[\"\(output)\($0)\"]", "\"firingLimit\": 1")
      }
    }
    let signals = ["raw", "proj", "diff"].flatMap { name in
      numbers.map { "{\"name\": \"\(name)\($0)\"}" }
    }
    return workflow(
      each("mProject", "raw", "proj") + each("mDiffFit", "proj", "diff") + [
        process("mConcatFit", ins: names("diff"), outs: "[\"fits\"]", "\"firingLimit\": 1"),
        process("mAdd", ins: "[\"fits\"]", outs: "[]", "\"firingLimit\": 1"),
      ], signals: "[" + (signals + ["{\"name\": \"fits\"}"]).joined(separator: ", ") + "]")
  }
}
