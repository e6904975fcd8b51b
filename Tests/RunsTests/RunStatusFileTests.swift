import Engine
import JSONValue
import JobProtocol
import Posix
import TestSupport
import Testing
import Workflow

@testable import Runs

/// The status of a run, without its Redis.
@Suite final class RunStatusFileTests {
  private let place: String
  private let directory: RunDirectory

  init() throws {
    place = try Files.makeTemporaryDirectory(prefix: "hflow-runner-test-")
    directory = try RunDirectory.create(for: RedisServer.newRun(), workflowDirectory: place)
  }

  deinit { Files.removeTree(place) }

  private func failedState() throws -> RunState {
    var state = RunState(
      workflow: try .sample(
        #"{"name": "a", "function": "noop", "firingLimit": 3, "ins": [], "outs": []}"#))
    let attempt = AttemptID(FiringID(ProcessID(number: 1), 1), 1)
    let changes: [RunEvent.Change] = [
      .runStarted(RunInfo(run: "r", name: "n", directory: "/", invoker: "pool")),
      .taskFired(attempt.firing, consumed: [:]), .jobSubmitted(attempt),
      .jobFinished(attempt, .failed(.exit(1)), JobUsage(), outputs: nil),
      .runSettled(.failed, blocked: []),
    ]
    for (time, change) in changes.enumerated() {
      state.apply(RunEvent(time: time, change))
    }
    return state
  }

  @Test func `the file has the status of the state`() throws {
    let state = try failedState()
    try RunStatusFile.write(state, in: directory)
    let status = try #require(RunStatusFile.read(in: directory))
    #expect(status == RunStatusFile(state))
    #expect(status.status == .failed)
    #expect(status.counts[.failed] == 1)
    #expect(status.counts[.waiting] == 2)
    #expect(status.startedAt == 0)
    #expect(status.settledAt == 4)
    #expect(!status.isFinished)
    #expect(!status.isPaused)
    #expect(status.engine == nil)
  }

  @Test func `pause and engine are written, too`() throws {
    var state = try failedState()
    state.apply(RunEvent(time: 9, .paused))
    state.apply(
      RunEvent(time: 9, .engineStarted(EngineInfo(host: "node-a", pid: 7, takeOvers: 2))))
    let status = try #require(RunStatusFile(RunStatusFile(state).json))
    #expect(status == RunStatusFile(state))
    #expect(status.isPaused)
    #expect(status.engine?.pid == 7)
  }

  @Test func `the later status counts`() throws {
    var state = try failedState()
    try RunStatusFile.write(state, in: directory)
    state.apply(RunEvent(time: 9, .runFinished(.failed)))
    try RunStatusFile.write(state, in: directory)
    #expect(RunStatusFile.read(in: directory)?.isFinished == true)
  }

  @Test(arguments: ["", "{", "[]", "{}", #"{"status": "odd"}"#])
  func `an invalid file is nil`(text: String) throws {
    try Files.write(Array(text.utf8), to: "\(directory.path)/status.json")
    #expect(RunStatusFile.read(in: directory) == nil)
  }

  @Test func `impossible counts are nil`() throws {
    let json = try JSON(parsing: #"{"status": "failed", "tasks": {"failed": -3, "odd": 1}}"#)
    #expect(RunStatusFile(json)?.counts == TaskCounts())
  }
}
