import Engine
import JSONValue
import JobProtocol
import Testing
import Workflow

/// A run machine under test: takes inputs, and records all events and commands.
struct Scenario {
  var machine: RunMachine
  var state: RunState
  private var tally = RunTally()
  private(set) var events: [RunEvent] = []
  private(set) var work: [Work] = []
  private(set) var commands: [MachineCommand] = []
  /// Every input with its time and the number of events before it.
  private(set) var turns: [(input: EngineInput, time: Int, eventsBefore: Int)] = []
  private(set) var time = 1000
  /// Whether every process that may fire does so with each input.
  var proceedsAtOnce = true

  /// `body` is the inside of the workflow object. Every process runs as a job unless told
  /// otherwise.
  init(
    _ body: String, jobs: Bool = true, options: RunMachine.Options = .init(), starts: Bool = true,
    invoker: String = InvokerKind.pool.rawValue
  ) throws {
    let reading = Workflow.read(Array("{\(body)}".utf8), variables: [:])
    let problems = reading.findings.filter { $0.severity == .error }
    let workflow = try #require(reading.workflow, "\(problems)")
    machine = RunMachine(
      workflow: workflow, isJob: workflow.processes.map { _ in jobs }, options: options)
    state = RunState(workflow: workflow)
    if starts { feed(.start(RunInfo(run: "r", name: "w", directory: "/", invoker: invoker))) }
  }

  mutating func feed(_ input: EngineInput, after milliseconds: Int = 1) {
    handle(input, after: milliseconds)
    while proceedsAtOnce, machine.mayProceed { handle(.proceed, after: 0) }
  }

  private mutating func handle(_ input: EngineInput, after milliseconds: Int) {
    time += milliseconds
    let turn = machine.handle(input, at: time)
    turns.append((input, time, events.count))
    events += turn.events
    commands += turn.commands
    for event in turn.events {
      state.apply(event)
      tally.apply(event)
    }
    #expect(machine.counts == state.counts, "after \(input)")
    #expect(tally == RunTally(state), "after \(input)")
    for case .execute(let item) in turn.commands { work.append(item) }
  }

  mutating func retryAllFailed() {
    for firing in machine.failedFirings { feed(.retry(firing, nil, .alone)) }
  }

  /// Takes the oldest work that was not taken.
  mutating func nextWork() throws -> Work {
    let next = try #require(work.first)
    work.removeFirst()
    return next
  }

  /// Takes all work that was not taken.
  mutating func takeAllWork() -> [AttemptID] {
    defer { work.removeAll() }
    return work.map(\.attempt)
  }

  mutating func takeWork(at index: Int) -> Work { work.remove(at: index) }

  mutating func finish(
    _ attempt: AttemptID, _ outcome: JobOutcome = .succeeded, outputs: [PortValue]? = nil
  ) {
    feed(.finished(attempt, outcome, JobUsage(), outputs: outputs))
  }

  /// Finishes all work in order, until none is left. Returns what ran.
  @discardableResult
  mutating func runAll(limit: Int = 10_000) -> [FiringID] {
    var ran: [FiringID] = []
    while let next = work.first, ran.count < limit {
      work.removeFirst()
      ran.append(next.attempt.firing)
      finish(next.attempt)
    }
    return ran
  }

  func process(_ name: String) -> ProcessID {
    machine.workflow.processes.first { $0.name == name }?.id ?? ProcessID(number: 0)
  }

  func firing(_ name: String, _ number: Int = 1) -> FiringID { FiringID(process(name), number) }
  func attempt(_ name: String, _ firing: Int = 1, _ attempt: Int = 1) -> AttemptID {
    AttemptID(self.firing(name, firing), attempt)
  }

  /// The last settling.
  var settled: (status: RunStatus, blocked: [BlockedProcess])? {
    for event in events.reversed() {
      if case .runSettled(let status, let blocked) = event.change { return (status, blocked) }
    }
    return nil
  }
}

/// A process that runs a job, in a few characters.
func process(_ name: String, ins: String, outs: String, _ more: String = "") -> String {
  let extra = more.isEmpty ? "" : ", \(more)"
  return """
    {"name": "\(name)", "function": "command", "ins": \(ins), "outs": \(outs), \
    "config": {"executor": {"executable": "true", "args": []}}\(extra)}
    """
}

/// The inside of a workflow object.
func workflow(_ processes: [String], signals: String) -> String {
  "\"processes\": [\(processes.joined(separator: ", "))], \"signals\": \(signals), "
    + "\"ins\": [], \"outs\": []"
}
