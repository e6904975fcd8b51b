import JobProtocol
import Testing

@testable import Executor

/// The table at the top of JobMachine.swift, row by row.
struct JobStateTests {
  private let exit3 = Ending(.exit(3))
  private let cancelled = Ending(.cancelled)

  /// A job after these events.
  private func job(
    _ events: [JobMachine.Event], wantsInputs: Bool = false, attempts: Int = 1
  ) -> JobMachine {
    var job = JobMachine(wantsInputs: wantsInputs, attempts: attempts)
    for event in events { _ = job.handle(event) }
    return job
  }

  private func ended(
    _ ending: Ending, output: Bool = false, group: Bool = false
  ) -> JobMachine.Event {
    .childEnded(ending, outputOpen: output, groupAlive: group)
  }

  private func check(
    _ job: JobMachine, _ event: JobMachine.Event, _ state: JobMachine.State,
    _ actions: [JobMachine.Action],
    _ place: SourceLocation = #_sourceLocation
  ) {
    var job = job
    #expect(job.handle(event) == actions, sourceLocation: place)
    #expect(job.state == state, sourceLocation: place)
  }

  @Test func `a taken job starts, or waits for its inputs first`() {
    check(job([]), .begin, .starting, [.spawn])
    let patient = job([.begin], wantsInputs: true)
    check(job([], wantsInputs: true), .begin, .waitingForInputs, [.watchInputs])
    check(patient, .inputsReady, .starting, [.spawn])
    check(patient, .inputsMissing(Ending(.error("x"))), .finished, [.finish(Ending(.error("x")))])
  }

  @Test func `a job whose outputs are copied ends when they are there`() {
    func job(_ events: [JobMachine.Event]) -> JobMachine {
      var job = JobMachine(savesOutputs: true)
      for event in [.begin, .spawned] + events { _ = job.handle(event) }
      return job
    }
    let saving = job([ended(.succeeded)])
    check(job([]), ended(.succeeded), .saving, [.saveOutputs])
    check(job([]), ended(exit3), .finished, [.finish(exit3)])
    check(saving, .outputsSaved, .finished, [.finish(.succeeded)])
    let lost = Ending(.error("output x is missing"))
    check(saving, .outputsLost(lost), .finished, [.finish(lost)])
    check(saving, .stop(.cancelled), .finished, [.finish(cancelled)])
  }

  @Test func `stopping a job without a child finishes it at once`() {
    let stop = JobMachine.Event.stop(.cancelled)
    check(job([]), stop, .finished, [.finish(cancelled)])
    check(job([.begin], wantsInputs: true), stop, .finished, [.finish(cancelled)])
    let delayingRetry = job([.begin, .spawned, ended(exit3)], attempts: 2)
    check(delayingRetry, stop, .finished, [.finish(cancelled)])
  }

  @Test func `a spawned job runs, and a job that cannot be spawned is finished`() {
    check(job([.begin]), .spawned, .running, [])
    let missing = Ending(.notFound("x"))
    check(job([.begin]), .spawnFailed(missing), .finished, [.finish(missing)])
  }

  @Test func `a job is finished when its child has ended and its output is complete`() {
    let running = job([.begin, .spawned])
    check(running, ended(.succeeded), .finished, [.finish(.succeeded)])
    check(running, ended(exit3, output: true), .draining(exit3), [.awaitOutput])
    let draining = job([.begin, .spawned, ended(exit3, output: true)])
    check(draining, .outputClosed, .finished, [.finish(exit3)])
    check(draining, .drainOver, .finished, [.finish(exit3)])
  }

  @Test func `a stop while draining ends the remaining processes and is the cause`() {
    let limit = JobMachine.Stop.timeout(seconds: 2)
    let actions: [JobMachine.Action] = [.terminate, .awaitGroup]
    let succeeded = job([.begin, .spawned, ended(.succeeded, output: true)])
    check(succeeded, .stop(.cancelled), .clearing(cancelled), actions)
    check(succeeded, .stop(limit), .clearing(limit.ending), actions)
    let failed = job([.begin, .spawned, ended(exit3, output: true)], attempts: 2)
    check(failed, .stop(.cancelled), .clearing(cancelled), actions)
    check(failed, .stop(limit), .clearing(exit3), actions)
    let clearing = job([
      .begin, .spawned, ended(exit3, output: true), .stop(limit),
    ])
    check(clearing, .outputClosed, .clearing(exit3), [])
    check(clearing, .groupGone, .finished, [.finish(exit3)])
    check(clearing, .graceOver, .finished, [.kill, .finish(exit3)])
  }

  @Test func `a stopped job gets TERM, then KILL, and waits for its whole group`() {
    let running = job([.begin, .spawned])
    check(running, .stop(.cancelled), .stopping(.cancelled), [.terminate])
    let stopping = job([.begin, .spawned, .stop(.timeout(seconds: 2))])
    let timeout = Ending(.timeout(seconds: 2))
    check(stopping, .graceOver, .stopping(.timeout(seconds: 2)), [.kill])
    check(stopping, ended(.succeeded), .finished, [.finish(timeout)])
    check(
      stopping, ended(.succeeded, group: true), .clearing(timeout), [.awaitGroup])
    let clearing = job([
      .begin, .spawned, .stop(.timeout(seconds: 2)), ended(exit3, group: true),
    ])
    check(clearing, .groupGone, .finished, [.finish(timeout)])
    check(clearing, .graceOver, .finished, [.kill, .finish(timeout)])
  }

  @Test func `a failed attempt is followed by another while attempts are left`() {
    let running = job([.begin, .spawned], attempts: 2)
    check(running, ended(exit3), .delayingRetry, [.delayRetry(afterAttempt: 1)])
    check(running, ended(.succeeded), .finished, [.finish(.succeeded)])
    let delayingRetry = job([.begin, .spawned, ended(exit3)], attempts: 2)
    check(delayingRetry, .delayOver, .starting, [.spawn])
    let second = job([.begin, .spawned, ended(exit3), .delayOver, .spawned], attempts: 2)
    check(second, ended(exit3), .finished, [.finish(exit3)])
    let stopped = job([.begin, .spawned, .stop(.cancelled)], attempts: 2)
    check(stopped, ended(exit3), .finished, [.finish(cancelled)])
  }

  @Test func `events that do not apply change nothing`() {
    let late: [JobMachine.Event] = [
      .graceOver, .drainOver, .groupGone, .delayOver, .outputClosed, .inputsReady, .spawned,
    ]
    for event in late {
      check(job([]), event, .taken, [])
      check(job([.begin, .spawned, ended(exit3)]), event, .finished, [])
    }
    check(job([.begin, .spawned]), .begin, .running, [])
  }
}
