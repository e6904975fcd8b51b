import Engine
import JSONValue
import JobProtocol
import Testing
import Workflow

@testable import Report

/// A run made event by event; times are milliseconds since its start at `Story.start`.
struct Story {
  static let start = 1_700_000_000_000
  static let worker = ExecutorIdentity(name: "w1", host: "node-a", pid: 7)

  private(set) var state: RunState

  /// `processes` and `signals` are the insides of the two arrays.
  init(_ processes: String, signals: String = "", name: String = "story", slots: Int = 2) throws {
    let text = #"{"processes": [\#(processes)], "signals": [\#(signals)], "ins": [], "outs": []}"#
    let reading = Workflow.read(Array(text.utf8), variables: [:])
    state = RunState(workflow: try #require(reading.workflow, "\(reading.findings)"))
    tell(0, .runStarted(RunInfo(run: "k7f2abcd", name: name, directory: "/w", invoker: "pool")))
    tell(0, .workerJoined(Self.worker, slots: slots))
  }

  mutating func tell(_ time: Int, _ change: RunEvent.Change) {
    state.apply(RunEvent(time: Self.start + time, change))
  }

  /// A signal from the firing of a process, or from outside.
  mutating func send(_ time: Int, _ signal: Int, from source: FiringID? = nil, count: Int = 1) {
    let value: PortValue =
      count == 1 ? .bare : .data(Array(repeating: .null, count: count))
    tell(time, .signalSent(SignalID(number: signal), value, source: source))
  }

  mutating func fire(_ time: Int, _ task: FiringID) {
    tell(time, .taskFired(task, consumed: [:]))
  }

  /// One attempt from its submission to its end. Times: submitted, taken and started, ended.
  mutating func run(
    _ task: FiringID, attempt: Int = 1, at times: (Int, Int, Int),
    _ outcome: JobOutcome = .succeeded, on worker: ExecutorIdentity = Self.worker,
    usage: JobUsage = JobUsage()
  ) {
    let id = AttemptID(task, attempt)
    var usage = usage
    usage.wallMilliseconds = times.2 - times.1
    tell(times.0, .jobSubmitted(id))
    tell(times.1, .jobTaken(id, worker))
    tell(times.1, .jobStarted(id, worker, pid: 9))
    tell(times.2, .jobFinished(id, outcome, usage, outputs: nil))
  }

  mutating func settle(_ time: Int, _ status: RunStatus = .succeeded) {
    tell(time, .runSettled(status, blocked: []))
  }

  func report(tails: [FiringID: OutputTail] = [:], now: Int = 100_000) -> RunReport {
    RunReport(state, tails: tails, now: Self.start + now)
  }

  static func process(
    _ name: String, ins: [Int] = [], outs: [Int] = [], more: String = ""
  ) -> String {
    #"{"name": "\#(name)", "function": "command", "ins": \#(ins), "outs": \#(outs)\#(more), "#
      + #""config": {"executor": {"executable": "do", "args": ["\#(name)"]}}}"#
  }

  static func signals(_ count: Int) -> String {
    (0..<count).map { #"{"name": "s\#($0)"}"# }.joined(separator: ", ")
  }
}

func task(_ process: Int, _ firing: Int = 1) -> FiringID {
  FiringID(ProcessID(number: process), firing)
}
