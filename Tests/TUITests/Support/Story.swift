import Engine
import JSONValue
import JobProtocol
import Workflow

@testable import TUI

/// A run made step by step: a real engine makes the events, the test acts as the executors.
struct Story {
  private(set) var machine: RunMachine
  private(set) var events: [RunEvent] = []
  /// Attempts that wait for an executor.
  private(set) var ready: [AttemptID] = []
  let workflow: Workflow
  /// 12:00:00 of some day.
  var time = 1_700_049_600_000 + 1_600_000
  static let beginning = 1_700_049_600_000 + 1_600_000

  static let node = ExecutorIdentity(name: "node-a/1", host: "node-a", pid: 100)

  init(_ text: String) throws {
    let reading = Workflow.read(Array(text.utf8), variables: [:])
    workflow = try Self.unwrap(reading.workflow)
    machine = RunMachine(
      workflow: workflow, isJob: workflow.processes.map { _ in true })
  }

  struct NotThere: Error {}

  static func unwrap<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw NotThere() }
    return value
  }

  mutating func begin(workers: [ExecutorIdentity] = [Self.node], slots: Int = 4) {
    tell(.start(RunInfo(run: "k7f2abcd", name: workflow.name, directory: "/w", invoker: "pool")))
    for worker in workers { tell(.workerJoined(worker, slots: slots)) }
  }

  mutating func tell(_ input: EngineInput) {
    let turn = machine.handle(input, at: time)
    events += turn.events
    for case .execute(let work) in turn.commands { ready.append(work.attempt) }
  }

  mutating func wait(milliseconds: Int) { time += milliseconds }

  /// Moves the first waiting attempt behind the others.
  mutating func postpone() { if let first = ready.first { ready = ready.dropFirst() + [first] } }

  /// Starts the first waiting attempt.
  @discardableResult
  mutating func startNext(on worker: ExecutorIdentity = Self.node) throws -> AttemptID {
    let attempt = try Self.unwrap(ready.first)
    ready.removeFirst()
    tell(.jobTaken(attempt, worker))
    tell(.jobStarted(attempt, worker, pid: 200))
    return attempt
  }

  mutating func finish(
    _ attempt: AttemptID, _ outcome: JobOutcome = .succeeded, after: Int = 400,
    saying lastLine: String = ""
  ) {
    time += after
    var usage = JobUsage()
    usage.lastLine = lastLine
    usage.wallMilliseconds = after
    usage.userMilliseconds = after / 2
    usage.maxResidentKilobytes = 207_031
    tell(.finished(attempt, outcome, usage, outputs: nil))
  }

  var state: RunState {
    var state = RunState(workflow: workflow)
    for event in events { state.apply(event) }
    return state
  }

  func firing(_ label: String) throws -> FiringID {
    let (process, number) = try Self.unwrap(workflow.parse(label: label))
    return FiringID(process, number)
  }

  /// A model as the loop would have it now.
  func model(
    _ columns: Int = 120, _ rows: Int = 32, ascii: Bool = false, colors: ColorDepth = .many
  )
    -> Model
  {
    var model = Model(
      run: RunState(workflow: workflow), theme: Theme(ascii: ascii, colors: colors),
      size: Size(columns: columns, rows: rows), now: time)
    _ = model.start()
    _ = model.update(.world([.events(events)]))
    return model
  }
}
