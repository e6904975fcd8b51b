import JSONValue
import JobProtocol
import Testing
import Workflow

@testable import Engine

/// Pausing, holding, editing, and running again what depends on it.
@Suite struct ControlTests {
  static let chain = TaskTests.chain
  static let fan = workflow(
    [process("p", ins: #"["n"]"#, outs: #"["m"]"#, #""parlevel": 0"#)],
    signals: #"[{"name": "n", "data": [1, 2, 3]}, {"name": "m"}]"#)

  @Test func `a paused run starts nothing new and continues where it was`() throws {
    var run = try Scenario(Self.chain)
    run.feed(.pause)
    #expect(run.commands.last == .pause(true))
    run.finish(run.attempt("a"))
    #expect(run.state.task(run.firing("b")) == nil)
    #expect(run.state.isPaused && run.settled == nil)
    run.feed(.continue)
    #expect(run.work.last?.attempt == run.attempt("b"))
    run.finish(run.attempt("b"))
    run.finish(run.attempt("c"))
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `a run with nothing left settles although it is paused`() throws {
    var run = try Scenario(Self.fan)
    run.feed(.pause)
    for number in 1...3 { run.finish(run.attempt("p", number)) }
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `a retry during a pause waits for the end of the pause`() throws {
    var run = try Scenario(Self.chain)
    run.finish(run.attempt("a"), .failed(.exit(1)))
    run.feed(.pause)
    run.feed(.retry(run.firing("a"), nil, .alone))
    #expect(run.work.count == 1)
    #expect(run.state.state(of: run.firing("a")) == .ready)
    run.feed(.continue)
    #expect(run.work.last?.attempt == run.attempt("a", 1, 2))
  }

  @Test func `a task that was held before it fired waits for its release`() throws {
    var run = try Scenario(Self.chain)
    run.feed(.hold(run.firing("b")))
    run.finish(run.attempt("a"))
    #expect(run.state.state(of: run.firing("b")) == .held)
    #expect(run.work.count == 1 && run.settled == nil)
    run.feed(.release(run.firing("b")))
    #expect(run.work.last?.attempt == run.attempt("b"))
    #expect(run.state.state(of: run.firing("b")) == .queued)
  }

  @Test func `a run that continues behind a held process is not failed`() throws {
    var run = try Scenario(Self.chain)
    run.feed(.holdProcess(run.process("b")))
    run.finish(run.attempt("a"), .failed(.exit(1)))
    #expect(run.state.status == .failed)
    let took = run.state.elapsed(now: run.time)
    run.feed(.skip(run.firing("a")), after: 1_000_000)
    #expect(run.state.status == .running)
    #expect(run.machine.status == .running)
    #expect(run.state.elapsed(now: run.time) == took, "the time of rest does not count")
    #expect(run.state.elapsed(now: run.time + 5) == took + 5)
  }

  @Test func `stopping many tasks is one event, and their end is another`() throws {
    var options = RunMachine.Options()
    options.retries = 1
    options.retryDelay = 60
    let data = (1...150).map { "\($0)" }.joined(separator: ",")
    var run = try Scenario(
      workflow(
        [process("p", ins: #"["n"]"#, outs: #"["m"]"#, #""parlevel": 120"#)],
        signals: "[{\"name\": \"n\", \"data\": [\(data)]}, {\"name\": \"m\"}]"),
      options: options)
    run.finish(run.attempt("p", 1))
    run.finish(run.attempt("p", 2), .failed(.exit(1)))
    #expect(run.state.state(of: run.firing("p", 2)) == .retrying)
    let before = run.events.count
    let commands = run.commands.count
    run.feed(.stop)
    #expect(run.events.count <= before + 3, "one event for all that is asked, one for all ends")
    #expect(run.state.record(of: run.attempt("p", 3))?.isCancelRequested == true)
    #expect(run.state.state(of: run.firing("p", 2)) == .failed, "its retry is called off")
    let asked = run.commands[commands...].compactMap { command in
      if case .cancel(let attempt) = command { attempt } else { nil }
    }
    #expect(asked.count >= 100)
    // One job was taken and ends by itself, the others are withdrawn, and one withdrawal is
    // reported twice.
    run.finish(asked[0])
    let others = AttemptList(asked.dropFirst())
    run.feed(.cancelled(others))
    run.feed(.cancelled(others))
    #expect(run.state.counts[.cancelled] == run.state.counts.total - 3 - run.state.counts[.waiting])
    #expect(run.state.counts[.succeeded] == 2)
    #expect(run.settled?.status == .cancelled)
    for turn in [0, 1, 2, 3, 4, 5] { try ReplayTests.checkAll(run, from: turn) }
    for count in before...run.events.count {
      _ = try ReplayTests.replayed(run, upTo: count)
    }
  }

  @Test func `a cancelled task is never retried automatically`() throws {
    var options = RunMachine.Options()
    options.retries = 3
    var run = try Scenario(Self.chain, options: options)
    run.feed(.cancel(run.firing("a")))
    run.finish(run.attempt("a"), .failed(.lost("its worker was killed")))
    #expect(run.machine.failedFirings == [run.firing("a")])
    #expect(run.work.count == 1)
    run.feed(.retry(run.firing("a"), nil, .alone))
    #expect(run.work.last?.attempt == run.attempt("a", 1, 2))
  }

  @Test func `a job that no executor has is withdrawn for a hold`() throws {
    var run = try Scenario(Self.fan)
    run.feed(.hold(run.firing("p", 2)))
    #expect(run.commands.last == .withdraw(run.attempt("p", 2)))
    run.feed(.withdrawn(run.attempt("p", 2)))
    #expect(run.state.state(of: run.firing("p", 2)) == .held)
    run.finish(run.attempt("p", 1))
    run.finish(run.attempt("p", 3))
    #expect(run.settled == nil)
    run.feed(.release(run.firing("p", 2)))
    #expect(run.work.last?.attempt == run.attempt("p", 2))
    run.finish(run.attempt("p", 2))
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `a running task cannot be held`() throws {
    var run = try Scenario(Self.fan)
    let executor = ExecutorIdentity(name: "e", host: "h", pid: 1)
    run.feed(.jobTaken(run.attempt("p", 1), executor))
    run.feed(.hold(run.firing("p", 1)))
    #expect(!run.state.heldTasks.contains(run.firing("p", 1)))
  }

  @Test func `a held process does not fire`() throws {
    var run = try Scenario(Self.chain)
    run.feed(.holdProcess(run.process("b")))
    run.finish(run.attempt("a"))
    #expect(run.state.task(run.firing("b")) == nil && run.settled == nil)
    run.feed(.releaseProcess(run.process("b")))
    #expect(run.state.task(run.firing("b")) != nil)
    #expect(run.state.heldProcesses.isEmpty)
  }

  @Test func `a retry releases a task that was held and then cancelled`() throws {
    var run = try Scenario(Self.chain)
    run.feed(.hold(run.firing("b")))
    run.finish(run.attempt("a"))
    run.feed(.cancel(run.firing("b")))
    #expect(run.state.state(of: run.firing("b")) == .cancelled)
    run.feed(.retry(run.firing("b"), nil, .alone))
    #expect(run.state.heldTasks.isEmpty)
    run.finish(AttemptID(run.firing("b"), 2))
    run.finish(run.attempt("c"))
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `cancelling a held task ends it at once`() throws {
    var run = try Scenario(Self.chain)
    run.feed(.hold(run.firing("b")))
    run.finish(run.attempt("a"))
    run.feed(.cancel(run.firing("b")))
    #expect(run.state.state(of: run.firing("b")) == .cancelled)
    #expect(run.settled?.status == .failed)
  }

  @Test func `an edit applies to this and later attempts`() throws {
    var run = try Scenario(Self.chain)
    let edit = JobEdit(arguments: ["-e"], environment: ["X": "1"], timeout: 5)
    run.finish(run.attempt("a"), .failed(.exit(1)))
    run.feed(.retry(run.firing("a"), edit, .alone))
    #expect(run.work.last?.edit == edit)
    run.finish(run.attempt("a", 1, 2), .failed(.exit(1)))
    run.feed(.retry(run.firing("a"), nil, .alone))
    #expect(run.work.last?.edit == edit)
    run.finish(run.attempt("a", 1, 3), .failed(.exit(1)))
    run.feed(.retry(run.firing("a"), JobEdit(), .alone))
    #expect(run.work.last?.edit == nil)
    #expect(run.state.task(run.firing("a"))?.attempts.map(\.edit) == [nil, edit, edit, nil])
  }

  @Test func `slots and fail-fast can change during a run`() throws {
    var run = try Scenario(Self.fan)
    run.feed(.slots(7))
    #expect(run.state.slots == 7 && run.commands.last == .setSlots(7))
    run.feed(.failFast(true))
    #expect(run.state.failsFast)
    run.finish(run.attempt("p", 1), .failed(.exit(1)))
    #expect(run.commands.contains(.cancel(run.attempt("p", 2))))
  }

  // MARK: Running again

  @Test func `a succeeded task runs again alone`() throws {
    var run = try Scenario(Self.chain)
    run.runAll()
    run.feed(.retry(run.firing("a"), nil, .alone))
    #expect(run.machine.status == .running)
    run.finish(run.attempt("a", 1, 2))
    #expect(run.settled?.status == .succeeded)
    #expect(run.state.task(run.firing("b"))?.attempts.count == 1)
    #expect(run.events.count { $0.change.isSignal } == 3, "signals are sent once")
  }

  @Test func `a task runs again with everything downstream, in order`() throws {
    var run = try Scenario(Self.chain)
    run.runAll()
    run.feed(.retry(run.firing("a"), nil, .downstream))
    #expect(run.state.state(of: run.firing("b")) == .waiting)
    #expect(run.state.state(of: run.firing("c")) == .waiting)
    run.finish(run.attempt("a", 1, 2))
    #expect(run.work.last?.attempt == run.attempt("b", 1, 2))
    run.finish(run.attempt("b", 1, 2))
    run.finish(run.attempt("c", 1, 2))
    #expect(run.settled?.status == .succeeded)
    #expect(run.state.counts[.succeeded] == 3)
    #expect(run.state.task(run.firing("c"))?.attempts.last?.reason == .upstream)
    #expect(run.events.count { $0.change.isSignal } == 3, "signals are sent once")
  }

  @Test func `running downstream tasks are cancelled and their outputs dropped`() throws {
    var run = try Scenario(Self.chain)
    run.finish(run.attempt("a"))
    run.feed(.retry(run.firing("a"), nil, .downstream))
    #expect(run.commands.contains(.cancel(run.attempt("b"))))
    run.finish(run.attempt("a", 1, 2))
    #expect(run.work.last?.attempt == run.attempt("a", 1, 2))
    run.finish(run.attempt("b"))
    #expect(run.state.task(run.firing("c")) == nil)
    #expect(run.work.last?.attempt == run.attempt("b", 1, 2))
    run.finish(run.attempt("b", 1, 2))
    run.finish(run.attempt("c"))
    #expect(run.settled?.status == .succeeded)
  }

  /// Five firings of a process that runs two at a time, all failed.
  private func failedFive() throws -> Scenario {
    var run = try Scenario(
      workflow(
        [process("p", ins: #"["n"]"#, outs: #"["m"]"#, #""parlevel": 2"#)],
        signals: #"[{"name": "n", "data": [1, 2, 3, 4, 5]}, {"name": "m"}]"#))
    for number in 1...5 { run.finish(run.attempt("p", number), .failed(.exit(1))) }
    _ = run.takeAllWork()
    return run
  }

  @Test func `retries respect parlevel, in order`() throws {
    var run = try failedFive()
    run.retryAllFailed()
    #expect(run.takeAllWork() == [run.attempt("p", 1, 2), run.attempt("p", 2, 2)])
    #expect(
      run.state.explanation(of: run.firing("p", 5)).reasons
        == [.parlevel(2, running: [run.firing("p", 1), run.firing("p", 2)])])
    run.finish(run.attempt("p", 2, 2), .failed(.exit(1)))
    #expect(run.takeAllWork() == [run.attempt("p", 3, 2)])
    // A task that failed again is behind those that have waited longer.
    run.feed(.retry(run.firing("p", 2), nil, .alone))
    for number in [1, 3, 4, 5] { run.finish(run.attempt("p", number, 2)) }
    #expect(
      run.takeAllWork()
        == [run.attempt("p", 4, 2), run.attempt("p", 5, 2), run.attempt("p", 2, 3)])
    run.finish(run.attempt("p", 2, 3))
    #expect(run.state.counts[.succeeded] == 5)
  }

  @Test func `attempts that wait for parlevel can be held, cancelled and paused`() throws {
    var run = try failedFive()
    run.retryAllFailed()
    _ = run.takeAllWork()
    run.feed(.hold(run.firing("p", 3)))
    run.feed(.cancel(run.firing("p", 4)))
    run.feed(.pause)
    run.finish(run.attempt("p", 1, 2))
    run.finish(run.attempt("p", 2, 2))
    #expect(run.takeAllWork().isEmpty)
    run.feed(.continue)
    #expect(run.takeAllWork() == [run.attempt("p", 5, 2)])
    run.feed(.retry(run.firing("p", 4), nil, .alone))
    #expect(run.takeAllWork() == [run.attempt("p", 4, 3)])
    run.feed(.release(run.firing("p", 3)))
    #expect(run.takeAllWork().isEmpty)
    run.finish(run.attempt("p", 4, 3))
    #expect(run.takeAllWork() == [run.attempt("p", 3, 2)])
  }

  @Test func `a rerun gives new data to waiting tasks and queued instances`() throws {
    var run = try Scenario(
      workflow(
        [
          process("f", ins: #"["s"]"#, outs: #"["x"]"#, #""firingLimit": 1"#),
          process("g", ins: #"["x"]"#, outs: "[]", #""parlevel": 1"#),
        ], signals: #"[{"name": "s", "data": [1]}, {"name": "x"}]"#))
    run.finish(run.attempt("f"), outputs: [.data([10, 20, 30])])
    run.finish(run.attempt("g", 1))
    run.feed(.retry(run.firing("f"), nil, .downstream))
    run.finish(run.attempt("g", 2), .failed(.cancelled))
    run.finish(run.attempt("f", 1, 2), outputs: [.data([11, 21, 31])])
    for (attempt, datum) in [
      (run.attempt("g", 1, 2), 11), (run.attempt("g", 2, 2), 21), (run.attempt("g", 3), 31),
    ] as [(AttemptID, JSON)] {
      #expect(run.work.last?.attempt == attempt)
      #expect(run.work.last?.inputs[0].instances[0].datum == datum)
      run.finish(attempt)
    }
    #expect(run.state.counts[.succeeded] == 4)
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `a failed rerun blocks its dependants until it is retried or skipped`()
    throws
  {
    for mends in [true, false] {
      var run = try Scenario(Self.chain)
      run.runAll()
      run.feed(.retry(run.firing("a"), nil, .downstream))
      run.finish(run.attempt("a", 1, 2), .failed(.exit(1)))
      #expect(run.settled?.status == .failed)
      #expect(run.state.state(of: run.firing("b")) == .waiting)
      if mends {
        run.feed(.retry(run.firing("a"), nil, .alone))
        run.finish(run.attempt("a", 1, 3))
      } else {
        run.feed(.skip(run.firing("a")))
      }
      run.finish(run.attempt("b", 1, 2))
      run.finish(run.attempt("c", 1, 2))
      #expect(run.settled?.status == .succeeded)
    }
  }

  // MARK: Open again

  @Test func `another engine reopens a closed run, and a retry continues it`() throws {
    var run = try Scenario(Self.chain)
    run.finish(run.attempt("a"), .failed(.exit(1)))
    run.feed(.close)
    run.feed(.retry(run.firing("a"), nil, .alone))
    #expect(run.state.task(run.firing("a"))?.attempts.count == 1)
    run.feed(.engineStarted(EngineInfo(host: "h", pid: 2, takeOvers: 1)))
    #expect(!run.state.isFinished && run.machine.isSettled)
    run.feed(.retry(run.firing("a"), nil, .alone))
    run.finish(run.attempt("a", 1, 2))
    run.finish(run.attempt("b"))
    run.finish(run.attempt("c"))
    run.feed(.close)
    #expect(run.events.last?.change == .runFinished(.succeeded))
  }

  @Test func `a stopped run continues in another engine if a user asks for it`()
    throws
  {
    var run = try Scenario(Self.chain)
    run.feed(.stop)
    run.finish(run.attempt("a"), .failed(.cancelled))
    run.feed(.close)
    run.feed(.engineStarted(EngineInfo(host: "h", pid: 2, takeOvers: 1)))
    #expect(run.machine.status == .cancelled)
    run.feed(.retry(run.firing("a"), nil, .alone))
    run.finish(run.attempt("a", 1, 2))
    run.finish(run.attempt("b"))
    run.finish(run.attempt("c"))
    #expect(run.settled?.status == .succeeded)
  }
}

extension RunEvent.Change {
  fileprivate var isSignal: Bool {
    if case .signalSent = self { true } else { false }
  }
}
