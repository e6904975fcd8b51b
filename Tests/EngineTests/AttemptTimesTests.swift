import Engine
import JobProtocol
import Testing
import Workflow

/// The phases of an attempt.
struct AttemptTimesTests {
  private static let attempt = AttemptID(FiringID(ProcessID(number: 1), 1), 1)
  private static let worker = ExecutorIdentity(name: "w", host: "h", pid: 1)

  /// The times of an attempt with these events, each at its time.
  private func times(_ events: (Int, RunEvent.Change)...) throws -> AttemptTimes {
    var state = try Scenario(
      #""processes": [{"name": "a", "function": "command", "ins": [], "outs": []}], "#
        + #""signals": [], "ins": [], "outs": []"#, starts: false
    ).state
    state.apply(RunEvent(time: 1000, .taskFired(Self.attempt.firing, consumed: [:])))
    for (time, change) in events { state.apply(RunEvent(time: time, change)) }
    return AttemptTimes(try #require(state.task(Self.attempt.firing)?.lastAttempt))
  }

  private func phases(_ times: AttemptTimes) -> [Int?] {
    AttemptTimes.Phase.allCases.map { times[$0] }
  }

  private static func finished(after wall: Int) -> RunEvent.Change {
    var usage = JobUsage()
    usage.wallMilliseconds = wall
    return .jobFinished(attempt, .succeeded, usage, outputs: nil)
  }

  @Test func `each phase ends where the next begins`() throws {
    let times = try times(
      (1010, .jobSubmitted(Self.attempt)), (1030, .jobTaken(Self.attempt, Self.worker)),
      (1070, .jobStarted(Self.attempt, Self.worker, pid: 7)), (1200, Self.finished(after: 100)))
    #expect(phases(times) == [10, 20, 40, 100, 30])
    #expect(times.total == 200)
    #expect(times.startedAt == 1070)
    #expect(times.endedAt == 1170)
  }

  @Test func `reports that arrive together leave the application its run time`() throws {
    let times = try times(
      (1000, .jobSubmitted(Self.attempt)), (1050, .jobTaken(Self.attempt, Self.worker)),
      (1050, .jobStarted(Self.attempt, Self.worker, pid: 7)), (1050, Self.finished(after: 30)))
    #expect(phases(times) == [0, 20, 0, 30, 0])
    #expect(times.total == 50)
  }

  @Test func `a fast executor clock does not start a job before its submission`() throws {
    let times = try times(
      (1000, .jobSubmitted(Self.attempt)), (1001, .jobTaken(Self.attempt, Self.worker)),
      (1001, .jobStarted(Self.attempt, Self.worker, pid: 7)), (1002, Self.finished(after: 5000)))
    #expect(phases(times) == [0, 0, 0, 5000, 0])
    #expect(times.startedAt == 1000)
  }

  @Test func `a running attempt has no end`() throws {
    let times = try times(
      (1001, .jobSubmitted(Self.attempt)), (1002, .jobTaken(Self.attempt, Self.worker)),
      (1004, .jobStarted(Self.attempt, Self.worker, pid: 7)))
    #expect(phases(times) == [1, 1, 2, nil, nil])
    #expect(times.endedAt == nil)
  }

  @Test func `an attempt that no executor has taken has only a wait time`() throws {
    #expect(phases(try times((1005, .jobSubmitted(Self.attempt)))) == [5, nil, nil, nil, nil])
  }

  @Test func `a foreign executor's attempt has only a beginning and an end`() throws {
    let times = try times((1005, .jobSubmitted(Self.attempt)), (1100, Self.finished(after: 0)))
    #expect(phases(times) == [5, nil, nil, nil, nil])
  }
}
