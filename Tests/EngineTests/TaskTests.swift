import Engine
import JobProtocol
import Testing
import Workflow

/// Tasks that fail, are retried, skipped or cancelled, and the effect on the run.
@Suite struct TaskTests {
  /// a → b → c, one firing each.
  static let chain = workflow(
    [
      process("a", ins: #"["s"]"#, outs: #"["x"]"#, #""firingLimit": 1"#),
      process("b", ins: #"["x"]"#, outs: #"["y"]"#, #""firingLimit": 1"#),
      process("c", ins: #"["y"]"#, outs: "[]", #""firingLimit": 1"#),
    ], signals: #"[{"name": "s", "data": [{}]}, {"name": "x"}, {"name": "y"}]"#)

  @Test func `a chain of jobs succeeds`() throws {
    var run = try Scenario(Self.chain)
    #expect(run.runAll() == [run.firing("a"), run.firing("b"), run.firing("c")])
    #expect(run.settled?.status == .succeeded)
    #expect(run.state.counts[.succeeded] == 3)
  }

  @Test func `a failed job sends nothing, and the run reports missing inputs`() throws {
    var run = try Scenario(Self.chain)
    run.finish(run.attempt("a"))
    run.finish(run.attempt("b"), .failed(.exit(3)))
    let end = try #require(run.settled)
    #expect(end.status == .failed)
    #expect(
      end.blocked == [
        BlockedProcess(
          process: run.process("c"),
          missingInputs: [.init(signal: SignalID(number: 3), have: 0, need: 1)])
      ])
    #expect(run.state.state(of: run.firing("b")) == .failed)
    #expect(run.state.state(of: run.firing("c")) == .waiting)
  }

  @Test func `a retry makes a new attempt and the run succeeds`() throws {
    var run = try Scenario(Self.chain)
    run.finish(run.attempt("a"), .failed(.exit(1)))
    run.feed(.retry(run.firing("a"), nil, .alone))
    #expect(run.machine.status == .running)
    #expect(run.work.last?.attempt == run.attempt("a", 1, 2))
    run.finish(run.attempt("a", 1, 2))
    run.finish(run.attempt("b"))
    run.finish(run.attempt("c"))
    #expect(run.settled?.status == .succeeded)
    #expect(run.state.task(run.firing("a"))?.attempts.map(\.number) == [1, 2])
  }

  @Test func `a late report of an earlier attempt is noted and changes nothing`() throws {
    var run = try Scenario(Self.chain)
    run.finish(run.attempt("a"), .failed(.lost("gone")))
    run.finish(run.attempt("a"))
    #expect(run.state.state(of: run.firing("a")) == .queued)
    #expect(run.state.notices.count == 1)
    #expect(run.state.counts[.succeeded] == 0)
  }

  @Test func `a job is submitted, queued, starting and running in this order`() throws {
    var run = try Scenario(Self.chain, invoker: "cluster")
    let (task, attempt) = (run.firing("a"), run.attempt("a"))
    let worker = ExecutorIdentity(name: "w1", host: "h", pid: 1)
    #expect(run.state.state(of: task) == .submitted)
    run.feed(.jobPending(attempt, reason: "the controller is busy"))
    #expect(run.state.state(of: task) == .submitted)
    run.feed(.jobAccepted(attempt, nativeID: "4711"))
    #expect(run.state.state(of: task) == .queued)
    run.feed(.jobPending(attempt, reason: "Priority"))
    let native = run.state.nativeJobs[attempt]
    #expect(native?.id == "4711" && native?.reason == "Priority")
    #expect(run.state.explanation(of: task).reasons == native.map { [.infrastructure($0)] })
    run.feed(.jobTaken(attempt, worker))
    #expect(run.state.state(of: task) == .starting)
    run.feed(.jobStarted(attempt, worker, pid: 7))
    #expect(run.state.state(of: task) == .running)
    run.feed(.jobAccepted(attempt, nativeID: "4712"))
    #expect(run.state.state(of: task) == .running)
    #expect(run.state.nativeJobs[attempt]?.id == "4712")
  }

  @Test func `a pool job is queued at once, and ready only while it is kept back`()
    throws
  {
    var run = try Scenario(Self.chain)
    #expect(run.state.state(of: run.firing("a")) == .queued)
    run.feed(.pause)
    #expect(run.state.explanation(of: run.firing("a")).reasons == [.paused])
    run.finish(run.attempt("a"), .failed(.exit(1)))
    run.feed(.retry(run.firing("a"), nil, .alone))
    #expect(run.state.state(of: run.firing("a")) == .ready)
    run.feed(.continue)
    #expect(run.state.state(of: run.firing("a")) == .queued)
  }

  @Test func `a report that arrives twice counts once`() throws {
    var run = try Scenario(Self.chain)
    run.finish(run.attempt("a"))
    run.finish(run.attempt("a"))
    #expect(run.state.counts[.succeeded] == 1)
    #expect(run.state.task(run.firing("b", 2)) == nil)
  }

  @Test func `a skipped task's outputs are sent as if it had succeeded`() throws {
    var run = try Scenario(Self.chain)
    run.finish(run.attempt("a"))
    run.finish(run.attempt("b"), .failed(.exit(1)))
    run.feed(.skip(run.firing("b")))
    run.finish(run.attempt("c"))
    #expect(run.settled?.status == .succeeded)
    #expect(run.state.state(of: run.firing("b")) == .skipped)
  }

  @Test func `a cancelled task fails with that cause once its job has ended`() throws {
    var run = try Scenario(Self.chain)
    run.feed(.cancel(run.firing("a")))
    #expect(run.commands.contains(.cancel(run.attempt("a"))))
    #expect(run.settled == nil)
    run.finish(run.attempt("a"), .failed(.cancelled))
    #expect(run.settled?.status == .failed)
    #expect(run.state.state(of: run.firing("a")) == .cancelled)
    run.feed(.retry(run.firing("a"), nil, .alone))
    #expect(run.work.last?.attempt == run.attempt("a", 1, 2))
  }

  @Test func `a job that succeeds although it was cancelled has succeeded`() throws {
    var run = try Scenario(Self.chain)
    run.feed(.cancel(run.firing("a")))
    run.finish(run.attempt("a"))
    #expect(run.state.state(of: run.firing("a")) == .succeeded)
  }

  @Test func `stopping cancels running tasks and starts nothing more`() throws {
    var run = try Scenario(Self.chain)
    run.feed(.stop)
    run.finish(run.attempt("a"))
    #expect(run.settled?.status == .cancelled)
    #expect(run.state.task(run.firing("b")) == nil)
    run.feed(.retry(run.firing("a"), nil, .alone))
    #expect(run.work.count == 1)
  }

  @Test func `retrying all failed tasks does not touch the others`() throws {
    var run = try Scenario(
      workflow(
        [process("p", ins: #"["n"]"#, outs: "[]", #""parlevel": 0"#)],
        signals: #"[{"name": "n", "data": [1, 2, 3]}]"#))
    run.finish(run.attempt("p", 1), .failed(.exit(1)))
    run.finish(run.attempt("p", 2))
    run.finish(run.attempt("p", 3), .failed(.signal(9)))
    run.retryAllFailed()
    #expect(
      run.work.suffix(2).map(\.attempt) == [run.attempt("p", 1, 2), run.attempt("p", 3, 2)])
    #expect(run.state.counts[.queued] == 2)
  }

  @Test func `fail-fast stops at the first failure, and a retry continues`() throws {
    var options = RunMachine.Options()
    options.failFast = true
    var run = try Scenario(
      workflow(
        [process("p", ins: #"["n"]"#, outs: "[]", #""parlevel": 2"#)],
        signals: #"[{"name": "n", "data": [1, 2, 3]}]"#), options: options)
    run.finish(run.attempt("p", 1), .failed(.exit(1)))
    #expect(run.commands.contains(.cancel(run.attempt("p", 2))))
    run.finish(run.attempt("p", 2), .failed(.cancelled))
    #expect(run.settled?.status == .failed)
    #expect(run.state.task(run.firing("p", 3)) == nil)
    run.retryAllFailed()
    #expect(run.state.task(run.firing("p", 3)) != nil)
  }

  @Test func `requests and reports about unknown tasks change nothing`() throws {
    var run = try Scenario(Self.chain)
    let before = run.state.counts
    let strange = [
      FiringID(ProcessID(number: 99), 1), FiringID(ProcessID(number: 1), 99),
      FiringID(ProcessID(number: 0), 1), FiringID(ProcessID(number: 1), 0),
    ]
    for firing in strange {
      run.feed(.retry(firing, nil, .downstream))
      run.feed(.skip(firing))
      run.feed(.cancel(firing))
      run.feed(.release(firing))
      run.feed(.withdrawn(AttemptID(firing, 1)))
      run.feed(.retryDue(AttemptID(firing, 2)))
      run.feed(.holdProcess(ProcessID(number: 99)))
      run.feed(.intervalPassed(firing.process))
      run.finish(AttemptID(firing, 1))
    }
    run.feed(.signal(SignalID(number: 77), .bare))
    #expect(run.state.counts == before)
  }

  @Test func `a process that waits for a signal that nobody sends is blocked`() throws {
    let run = try Scenario(
      workflow([process("p", ins: #"["never"]"#, outs: "[]")], signals: #"[{"name": "never"}]"#))
    let end = try #require(run.settled)
    #expect(end.status == .blocked)
    #expect(end.blocked.map(\.process) == [run.process("p")])
  }

  @Test func `an unlimited process on a branch that was not taken is not blocked`() throws {
    var run = try Scenario(
      workflow(
        [
          process("choose", ins: #"["s"]"#, outs: #"["x", "y"]"#, #""firingLimit": 1"#),
          process("yes", ins: #"["x"]"#, outs: "[]"), process("no", ins: #"["y"]"#, outs: "[]"),
        ], signals: #"[{"name": "s", "data": [1]}, {"name": "x"}, {"name": "y"}]"#))
    run.finish(try run.nextWork().attempt, outputs: [.bare, .nothing])
    run.runAll()
    #expect(run.settled?.status == .succeeded)
    #expect(run.state.counts.total == 2)
  }

  @Test func `closing is the last event`() throws {
    var run = try Scenario(Self.chain)
    run.runAll()
    run.feed(.close)
    #expect(run.events.last?.change == .runFinished(.succeeded))
    run.retryAllFailed()
    #expect(run.events.last?.change == .runFinished(.succeeded))
    #expect(run.state.isFinished)
  }
}
