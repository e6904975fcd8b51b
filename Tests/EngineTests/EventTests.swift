import Engine
import JSONValue
import JobProtocol
import Testing
import Workflow

@Suite struct EventTests {
  static let firing = FiringID(ProcessID(number: 3), 2)
  static let attempt = AttemptID(firing, 4)
  static let executor = ExecutorIdentity(name: "node-a-17", host: "node-a", pid: 17)

  static var usage: JobUsage {
    var usage = JobUsage()
    usage.wallMilliseconds = 12
    usage.standardErrorBytes = 3
    usage.lastLine = "no \u{1B}[31mstar"
    return usage
  }

  static let changes: [RunEvent.Change] = [
    .runStarted(RunInfo(run: "kabcd", name: "w \"x\"", directory: "/d", invoker: "pool")),
    .signalSent(SignalID(number: 1), .data([1, ["a": nil], "x"]), source: nil),
    .signalSent(SignalID(number: 1), .bare, source: firing),
    .taskFired(firing, consumed: [:]),
    .taskFired(firing, consumed: [SignalID(number: 2): 3, SignalID(number: 9): 0]),
    .jobSubmitted(attempt), .jobAccepted(attempt, nativeID: "4711_3"),
    .jobPending(attempt, reason: "Resources \u{1B}[31m"), .jobTaken(attempt, executor),
    .jobStarted(attempt, executor, pid: 99),
    .jobFinished(attempt, .succeeded, usage, outputs: nil),
    .jobFinished(
      attempt, .succeeded, JobUsage(),
      outputs: [
        .bare, .data([1]), .nothing, .keyed(JSONObject([("u", "km")]), data: nil),
        .keyed(JSONObject([("u", 1)]), data: [2]),
      ]),
    .jobFinished(attempt, .failed(.exit(3)), usage, outputs: nil),
    .jobFinished(attempt, .failed(.notFound("./x\n y")), usage, outputs: nil),
    .jobFinished(attempt, .failed(.timeout(seconds: 1.5)), usage, outputs: nil),
    .cancelRequested(attempt), .taskSkipped(firing),
    .cancelsRequested(AttemptList([attempt, AttemptID(FiringID(firing.process, 3), 4)])),
    .jobsCancelled(AttemptList([attempt])),
    .workerJoined(executor, slots: 4), .workerGone(name: "node-a-17", reason: "it left"),
    .allocationChanged(
      Allocation(
        site: "slurm", id: "4711_3", state: .running, reason: "x", worker: "slurm-4711_3")),
    .allocationChanged(Allocation(site: "ssh", id: "h1", state: .pending)),
    .attemptMade(attempt, .policy, nil),
    .attemptMade(
      attempt, .userDownstream,
      JobEdit(executable: "a b", arguments: [], environment: ["X": "1 2"], timeout: 0)),
    .retryScheduled(attempt, dueAt: 1_795_508_929_000), .jobWithdrawn(attempt),
    .taskReset(firing), .taskHeld(firing), .taskReleased(firing),
    .processHeld(firing.process), .processReleased(firing.process), .paused, .continued,
    .slotsChanged(3), .failFastChanged(true), .intervalPassed(firing.process), .finishRequested,
    .stopRequested, .engineStarted(EngineInfo(host: "node-a", pid: 5, takeOvers: 2)),
    .notice("hear, hear"),
    .runSettled(
      .failed,
      blocked: [
        BlockedProcess(
          process: ProcessID(number: 5),
          missingInputs: [.init(signal: SignalID(number: 1), have: 2, need: 3)])
      ]),
    .runFinished(.cancelled),
  ]

  @Test(arguments: changes)
  func `an event can be read back from its journal line`(change: RunEvent.Change) throws {
    let event = RunEvent(time: 1_795_508_928_438, change)
    #expect(RunEvent(try JSON(parsing: event.json.text)) == event)
  }

  @Test func `a journal entry can be read back`() throws {
    let events = Self.changes.enumerated().flatMap { place, change in
      // Each event twice, so that something can be left out, and then at another time.
      [place, place, place + 1].map { RunEvent(time: 1000 + $0, change) }
    }
    var entry = JournalEntry()
    for event in events { entry.append(event) }
    let read = JournalEntry.events(in: entry.bytes)
    #expect(read.events == events)
    #expect(read.unreadable == 0)
  }

  @Test func `a line omits what equals the line before`() throws {
    var entry = JournalEntry()
    entry.append(RunEvent(time: 7, .jobTaken(Self.attempt, Self.executor)))
    entry.append(RunEvent(time: 7, .jobSubmitted(Self.attempt)))
    entry.append(RunEvent(time: 8, .jobStarted(Self.attempt, Self.executor, pid: 99)))
    let lines = entry.bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    #expect(
      lines == [
        #"{"event":"jobTaken","time":7,"process":3,"firing":2,"attempt":4,"#
          + #""worker":"node-a-17","host":"node-a","pid":17}"#,
        #"{"event":"jobSubmitted","process":3,"firing":2,"attempt":4}"#,
        #"{"event":"jobStarted","time":8,"process":3,"firing":2,"attempt":4,"jobPid":99}"#,
      ])
  }

  @Test func `entries with complete and with damaged lines are read`() {
    let lines = [
      #"{"event":"paused","time":5}"#, "nonsense", #"{"event":"continued"}"#,
      #"{"event":"paused","time":9}"#,
    ]
    let read = JournalEntry.events(in: Array(lines.joined(separator: "\n").utf8))
    #expect(
      read.events == [
        RunEvent(time: 5, .paused), RunEvent(time: 5, .continued), RunEvent(time: 9, .paused),
      ])
    #expect(read.unreadable == 1)
  }

  @Test(arguments: [
    "{}", #"{"event": "nonsense"}"#, #"{"event": "taskFired", "process": 0, "firing": 1}"#,
    #"{"event": "jobFinished", "process": 1, "firing": 1, "attempt": 1}"#, "[1]", "null",
    #"{"event": "jobStarted", "process": 1, "firing": 1, "attempt": -1}"#,
  ])
  func `invalid events are refused`(text: String) throws {
    #expect(RunEvent(try JSON(parsing: text)) == nil)
  }

  @Test func `events about unknown tasks change no counts`() throws {
    var run = try Scenario(TaskTests.chain)
    let before = run.state.counts
    for change in Self.changes { run.state.apply(RunEvent(time: 1, change)) }
    #expect(run.state.counts == before)
  }
}
