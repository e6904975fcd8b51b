import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

struct EventsPaneTests {
  private func model(_ columns: Int = 120, _ rows: Int = 20, ascii: Bool = false) throws -> Model {
    var model = try Scenes.busy().model(columns, rows, ascii: ascii)
    press(&model, .character("6"))
    return model
  }

  private func press(_ model: inout Model, _ keys: Key...) {
    for key in keys {
      _ = model.update(.input(.key(key)))
      while model.hasWork { _ = model.update(.world([])) }
    }
  }

  private func type(_ model: inout Model, _ text: String) {
    for character in text { press(&model, .character(character)) }
  }

  @Test(arguments: [(60, 16), (80, 24), (120, 36), (200, 60)], [false, true])
  func `the list looks as expected`(size: (Int, Int), ascii: Bool) throws {
    let name = "events-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(
      model(size.0, size.1, ascii: ascii).draw(), name, styles: size.0 == 80)
  }

  @Test func `on a narrow screen the sign replaces the word`() throws {
    let text = try model(45, 16).draw().text
    #expect(text.contains("✔ ") && !text.contains("✔ succeeded"))
  }

  @Test func `an event of an unknown process is shown with its numbers`() throws {
    var model = try model()
    let attempt = AttemptID(FiringID(ProcessID(number: 700), 3), 1)
    let change = RunEvent.Change.cancelRequested(attempt)
    _ = model.update(.world([.events([RunEvent(time: model.now, change)])]))
    press(&model, .end)
    #expect(model.draw().text.contains("700:3"))
  }

  @Test func `every kind of event has a text`() throws {
    let run = try Scenes.busy().state
    let attempt = AttemptID(FiringID(ProcessID(number: 1), 1), 2)
    let node = Scenes.nodes[0]
    var usage = JobUsage()
    usage.wallMilliseconds = 2100
    usage.maxResidentKilobytes = 207_031
    usage.lastLine = "\u{1B}[31mno overlap\u{1B}[0m"
    let table: [(RunEvent.Change, String)] = [
      (
        .runStarted(RunInfo(run: "k7f2", name: "m", directory: "/w", invoker: "pool")),
        "run m k7f2, invoker pool, in /w"
      ),
      (.signalSent(SignalID(number: 1), .bare, source: nil), "signal raw_0 given"),
      (
        .signalSent(SignalID(number: 13), .bare, source: attempt.firing),
        "signal proj_0 from mProject:1"
      ),
      (.signalSent(SignalID(number: 999), .bare, source: nil), "signal signal 999 given"),
      (.taskFired(attempt.firing, consumed: [:]), "fired mProject:1 "),
      (.jobSubmitted(attempt), "submitted mProject:1 #2 "),
      (.jobTaken(attempt, node), "taken mProject:1 #2 by node-a-100"),
      (.jobStarted(attempt, node, pid: 7), "started mProject:1 #2 on node-a, process 7"),
      (
        .jobFinished(attempt, .succeeded, usage, outputs: nil),
        "succeeded mProject:1 #2 after 2.1 s, max 212 MB"
      ),
      (
        .jobFinished(attempt, .failed(.exit(3)), usage, outputs: nil),
        "failed mProject:1 #2 exit 3 after 2.1 s: no overlap"
      ),
      (
        .jobFinished(attempt, .failed(.lost("x")), JobUsage(), outputs: nil),
        "lost mProject:1 #2 lost: x"
      ),
      (
        .jobFinished(attempt, .failed(.cancelled), JobUsage(), outputs: nil),
        "cancelled mProject:1 #2 cancelled"
      ),
    ]
    expect(table, in: run)
  }

  @Test func `events of users and engines have texts, too`() throws {
    let run = try Scenes.busy().state
    let attempt = AttemptID(FiringID(ProcessID(number: 1), 1), 2)
    let node = Scenes.nodes[0]
    let edit = JobEdit(arguments: ["-e"])
    let table: [(RunEvent.Change, String)] = [
      (.cancelRequested(attempt), "cancelling mProject:1 #2 "),
      (.taskSkipped(attempt.firing), "skipped mProject:1 its outputs were sent"),
      (.attemptMade(attempt, .policy, nil), "again mProject:1 #2 automatic retry"),
      (
        .attemptMade(attempt, .user, edit),
        "again mProject:1 #2 retried by hand, edited"
      ),
      (
        .attemptMade(attempt, .upstream, nil),
        "again mProject:1 #2 an upstream task ran again"
      ),
      (
        .retryScheduled(attempt, dueAt: 1_700_049_600_000),
        "retry due mProject:1 #2 at 12:00:00"
      ),
      (
        .jobWithdrawn(attempt),
        "withdrawn mProject:1 #2 taken out of the queue: its task is held"
      ),
      (.taskReset(attempt.firing), "reset mProject:1 runs again after its upstream tasks"),
      (.taskHeld(attempt.firing), "held mProject:1 "),
      (.processHeld(attempt.firing.process), "held mProject all its tasks"),
      (.processReleased(ProcessID(number: 999)), "released process 999 all its tasks"),
      (.paused, "paused  no new jobs"), (.continued, "continued  "),
      (.slotsChanged(3), "slots  3 jobs at a time"),
      (.failFastChanged(true), "fail fast  the first failure stops the run"),
      (.stopRequested, "stopping  all jobs are cancelled"),
      (
        .engineStarted(EngineInfo(host: "h", pid: 4, takeOvers: 2)),
        "engine h process 4, take-over 2"
      ),
      (.workerJoined(node, slots: 1), "worker node-a-100 joined with 1 slot"),
      (.workerGone(name: "w", reason: "left"), "worker w left: left"),
      (.notice("late \u{7}report"), #"notice  late \u{07}report"#),
      (.runSettled(.failed, blocked: []), "failed  nothing can run any more"),
      (.runFinished(.failed), "closed  failed"),
    ]
    expect(table, in: run)
  }

  private func expect(_ table: [(RunEvent.Change, String)], in run: RunState) {
    for (change, text) in table {
      #expect(EventText(RunEvent(time: 0, change), in: run).line == text)
    }
  }

  @Test func `o switches between jobs, important events and all events`() throws {
    var model = try model()
    let jobs = model.events.list.count
    press(&model, .character("o"))
    let important = model.events.list.count
    press(&model, .character("o"))
    #expect(important < jobs && jobs < model.events.list.count)
    #expect(model.events.list.count == model.run.eventCount)
    press(&model, .character("o"))
    #expect(model.events.list.count == jobs)
  }

  @Test func `a filter shows matching events, and Esc shows all`() throws {
    var model = try model()
    let all = model.events.list.count
    press(&model, .character("/"))
    type(&model, "failed.*exit 1 after .*: no")
    let failures = model.run.counts[.failed]
    #expect(model.events.list.count == failures)
    press(&model, .enter, .escape)
    #expect(model.events.list.count == all)
    #expect(model.focus == .events)
  }

  @Test func `the list follows until the user scrolls up`() throws {
    var story = try Scenes.busy()
    var model = story.model(120, 20)
    press(&model, .character("6"))
    #expect(model.events.isFollowing)
    press(&model, .up)
    let read = model.events.chosen
    let known = story.events.count
    for number in 0..<3 { story.tell(.workerGone(name: "w\(number)", reason: "left")) }
    _ = model.update(.world([.events(Array(story.events[known...]))]))
    #expect(!model.events.isFollowing && model.events.chosen == read)
    press(&model, .character("G"))
    #expect(model.events.isFollowing && model.events.chosen != read)
  }

  @Test func `the selected event stays selected when the filter changes`() throws {
    var model = try model()
    for _ in 0..<7 { press(&model, .up) }
    let read = try #require(model.events.chosen)
    press(&model, .character("o"), .character("o"))
    #expect(model.events.chosen == read)
  }

  @Test func `Enter opens the task, and keys act on it`() throws {
    var model = try model()
    press(&model, .character("/"))
    type(&model, "failed")
    press(&model, .enter)
    let firing = try #require(model.events.chosen?.change.firing)
    #expect(model.subjects == [firing])
    press(&model, .enter)
    #expect(model.focus == .detail && model.selected == firing)
  }

  @Test func `a limited number of events is kept, and the title says so`() throws {
    let run = try Scenes.busy().state
    var list = EventList()
    let firing = FiringID(ProcessID(number: 1), 1)
    let total = EventList.blockSize * (EventList.blockLimit + 3)
    for number in 0..<total {
      list.append(RunEvent(time: number, number % 2 == 0 ? .taskHeld(firing) : .paused))
      if number % 100 == 0 { _ = list.scan(run, budget: 1000) }
    }
    while list.hasWork { _ = list.scan(run, budget: 1000) }
    _ = list.scan(run, budget: 1)
    #expect(list.end == total && list.first == EventList.blockSize * 3)
    #expect(list.count == total - list.first)
    #expect(list[0]?.time == list.first && list[list.count - 1]?.time == total - 1)
  }
}
