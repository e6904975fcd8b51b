import JobProtocol
import Testing
import Workflow

@testable import Engine

/// When failed attempts are retried automatically.
@Suite struct RetryTests {
  static func single(_ config: String) -> String {
    let executor = #""executor": {"executable": "true", "args": []}"#
    return """
      "processes": [{"name": "p", "function": "command", "ins": ["s"], "outs": ["t"],
        "firingLimit": 1, "config": {\(executor), \(config)}}],
      "signals": [{"name": "s", "data": [1]}, {"name": "t"}], "ins": [], "outs": []
      """
  }

  @Test func `a failure that the policy names is retried after its delay`() throws {
    var run = try Scenario(
      Self.single(#""retry": {"attempts": 3, "delay": 2, "factor": 3, "on": ["exit:75"]}"#))
    let first = run.time
    run.finish(run.attempt("p"), .failed(.exit(75)))
    #expect(run.state.state(of: run.firing("p")) == .retrying)
    #expect(run.state.task(run.firing("p"))?.retryDueAt == first + 1 + 2000)
    #expect(run.commands.contains(.schedule(run.attempt("p", 1, 2), at: first + 1 + 2000)))
    #expect(run.settled == nil)
    run.feed(.retryDue(run.attempt("p", 1, 2)))
    #expect(run.work.last?.attempt == run.attempt("p", 1, 2))
    let second = run.time
    run.finish(run.attempt("p", 1, 2), .failed(.exit(75)))
    #expect(run.state.task(run.firing("p"))?.retryDueAt == second + 1 + 6000)
    run.feed(.retryDue(run.attempt("p", 1, 3)))
    run.finish(run.attempt("p", 1, 3), .failed(.exit(75)))
    #expect(run.state.state(of: run.firing("p")) == .failed)
    #expect(run.settled?.status == .failed)
  }

  @Test func `a cause that the policy does not name is not retried`() throws {
    var run = try Scenario(Self.single(#""retry": {"attempts": 3, "on": ["exit:75"]}"#))
    run.finish(run.attempt("p"), .failed(.exit(1)))
    #expect(run.state.state(of: run.firing("p")) == .failed)
  }

  @Test func `a lost job is retried three times without a policy`() throws {
    var run = try Scenario(Self.single(#""x": 1"#))
    for attempt in 1...4 {
      #expect(run.work.last?.attempt == run.attempt("p", 1, attempt))
      run.finish(run.attempt("p", 1, attempt), .failed(.lost("gone")))
    }
    #expect(run.state.state(of: run.firing("p")) == .lost)
    #expect(run.state.task(run.firing("p"))?.attempts.count == 4)
    #expect(run.state.task(run.firing("p"))?.attempts[1].reason == .policy)
  }

  @Test func `a process that allows one attempt is never retried, lost or not`() throws {
    var run = try Scenario(Self.single(#""retry": {"attempts": 1}"#))
    run.finish(run.attempt("p"), .failed(.lost("gone")))
    #expect(run.state.state(of: run.firing("p")) == .lost)
    #expect(run.settled?.status == .failed)
  }

  @Test func `manual and automatic attempts are counted together`() throws {
    var run = try Scenario(Self.single(#""retry": {"attempts": 3}"#))
    run.finish(run.attempt("p"), .failed(.exit(1)))
    run.finish(run.attempt("p", 1, 2), .failed(.exit(1)))
    run.finish(run.attempt("p", 1, 3), .failed(.exit(1)))
    #expect(run.state.state(of: run.firing("p")) == .failed)
    run.feed(.retry(run.firing("p"), nil, .alone))
    run.finish(run.attempt("p", 1, 4), .failed(.exit(1)))
    #expect(run.state.state(of: run.firing("p")) == .failed)
    #expect(
      run.state.task(run.firing("p"))?.attempts.map(\.reason) == [
        nil, .policy, .policy, .user,
      ])
  }

  @Test func `the run's retries apply to processes without a policy`() throws {
    var options = RunMachine.Options()
    options.retries = 1
    options.retryDelay = 1
    var run = try Scenario(Self.single(#""x": 1"#), options: options)
    run.finish(run.attempt("p"), .failed(.exit(1)))
    #expect(run.state.state(of: run.firing("p")) == .retrying)
    run.feed(.retryDue(run.attempt("p", 1, 2)))
    run.finish(run.attempt("p", 1, 2), .failed(.exit(1)))
    #expect(run.state.state(of: run.firing("p")) == .failed)
  }

  @Test func `a manual retry replaces a scheduled one`() throws {
    var run = try Scenario(Self.single(#""retry": {"attempts": 3, "delay": 60}"#))
    run.finish(run.attempt("p"), .failed(.exit(1)))
    run.feed(.retry(run.firing("p"), nil, .alone))
    #expect(run.work.last?.attempt == run.attempt("p", 1, 2))
    let count = run.work.count
    run.feed(.retryDue(run.attempt("p", 1, 2)))
    #expect(run.work.count == count)
    run.finish(run.attempt("p", 1, 2))
    #expect(run.settled?.status == .succeeded)
  }

  @Test func `a scheduled retry can be skipped, cancelled and stopped`() throws {
    let text = Self.single(#""retry": {"attempts": 3, "delay": 60}"#)
    var skipped = try Scenario(text)
    skipped.finish(skipped.attempt("p"), .failed(.exit(1)))
    skipped.feed(.skip(skipped.firing("p")))
    #expect(skipped.settled?.status == .succeeded)
    var cancelled = try Scenario(text)
    cancelled.finish(cancelled.attempt("p"), .failed(.exit(1)))
    cancelled.feed(.cancel(cancelled.firing("p")))
    #expect(cancelled.settled?.status == .failed)
    #expect(cancelled.state.state(of: cancelled.firing("p")) == .failed)
    var stopped = try Scenario(text)
    stopped.finish(stopped.attempt("p"), .failed(.exit(1)))
    stopped.feed(.stop)
    #expect(stopped.settled?.status == .cancelled)
    #expect(stopped.state.counts[.retrying] == 0)
  }

  @Test func `jitter is bounded and the same for the same attempt`() {
    let policy = RetryPolicy(attempts: 9, delay: 10, factor: 2, maxDelay: 30, jitter: 0.2)
    let firing = FiringID(ProcessID(number: 3), 7)
    for attempt in 1...200 {
      let chance = Jitter.chance(99, AttemptID(firing, attempt))
      #expect(chance == Jitter.chance(99, AttemptID(firing, attempt)))
      #expect((0..<1).contains(chance))
      let base = [10.0, 20, 30][min(attempt, 3) - 1]
      let delay = policy.delay(beforeRetry: attempt, chance: chance)
      #expect((base * 0.8...base * 1.2).contains(delay))
    }
    let distinct = Set((1...200).map { Jitter.chance(99, AttemptID(firing, $0)) })
    #expect(distinct.count == 200)
  }

  static let rows: [(FailureCause, [String]?, Bool)] = [
    (.exit(1), nil, true), (.exit(1), ["exit"], true), (.exit(1), ["exit:1"], true),
    (.exit(1), ["exit:2", "signal"], false), (.signal(11), nil, true),
    (.signal(11), ["signal:11"], true), (.signal(9), ["signal:11"], false),
    (.outOfMemory(certain: false), ["oom"], true), (.outOfMemory(certain: true), ["exit"], false),
    (.timeout(seconds: 1), ["timeout"], true), (.notFound("x"), nil, false),
    (.notFound("x"), ["notFound"], true), (.error("x"), nil, true), (.error("x"), ["exit"], false),
    (.cancelled, nil, false), (.invalidMessage("x"), nil, false), (.refused("x"), nil, false),
    (.lost("x"), ["exit"], true), (.lost("x"), ["lost"], true),
    (.image("x"), nil, false), (.image("x"), ["image"], true),
    (.container("x"), nil, true), (.container("x"), ["exit"], true),
    (.file("x"), nil, true), (.file("x"), ["file"], true), (.file("x"), ["exit"], false),
  ]

  @Test(arguments: rows)
  func `each cause is retried where the table says so`(
    cause: FailureCause, on: [String]?, expected: Bool
  ) throws {
    let list = on.map { ", \"on\": [\($0.map { "\"\($0)\"" }.joined(separator: ", "))]" } ?? ""
    var run = try Scenario(Self.single("\"retry\": {\"attempts\": 2\(list)}"))
    run.finish(run.attempt("p"), .failed(cause))
    #expect((run.work.last?.attempt.number == 2) == expected)
  }

  @Test func `lost attempts leave the application's budget alone`() throws {
    var run = try Scenario(Self.single(#""retry": {"attempts": 3}"#))
    let causes: [FailureCause] = [
      .lost("gone"), .exit(1), .lost("preempted"), .container("no daemon"), .exit(1), .exit(1),
    ]
    for (index, cause) in causes.enumerated() {
      #expect(run.work.last?.attempt == run.attempt("p", 1, index + 1))
      run.finish(run.attempt("p", 1, index + 1), .failed(cause))
    }
    #expect(run.work.count == causes.count, "three failures of the application")
    #expect(run.state.state(of: run.firing("p")) == .failed)
  }

  @Test(arguments: [(0, 1), (1, 2), (5, 6)])
  func `the infrastructure has a budget of its own`(budget: Int, runs: Int) throws {
    var run = try Scenario(
      Self.single("\"retry\": {\"attempts\": 1, \"budgets\": {\"infrastructure\": \(budget)}}"))
    for attempt in 1...runs { run.finish(run.attempt("p", 1, attempt), .failed(.lost("gone"))) }
    #expect(run.work.count == runs)
    #expect(run.state.state(of: run.firing("p")) == .lost)
  }

  @Test func `memory and time have budgets of their own if the policy gives them`() throws {
    var run = try Scenario(
      Self.single(#""retry": {"attempts": 2, "on": ["exit"], "budgets": {"memory": 2, "time": 1}}"#)
    )
    let causes: [FailureCause] = [
      .outOfMemory(certain: true), .timeout(seconds: 1), .outOfMemory(certain: false), .exit(1),
      .outOfMemory(certain: true),
    ]
    for (index, cause) in causes.enumerated() {
      #expect(run.work.last?.attempt == run.attempt("p", 1, index + 1), "\(cause)")
      run.finish(run.attempt("p", 1, index + 1), .failed(cause))
    }
    #expect(run.work.count == causes.count)
    #expect(run.state.state(of: run.firing("p")) == .failed)
  }

  @Test func `an attempt after one that ran out asks for more, also if a user retried it`() throws {
    var run = try Scenario(
      Self.single(
        #""retry": {"attempts": 3, "grow": {"memory": 2, "time": 1.5}}, "timeout": 60"#))
    #expect(run.work.last?.growth == .one)
    run.finish(run.attempt("p"), .failed(.outOfMemory(certain: true)))
    #expect(run.work.last?.growth == ResourceGrowth(memory: 2, time: 1))
    run.finish(run.attempt("p", 1, 2), .failed(.timeout(seconds: 60)))
    #expect(run.work.last?.growth == ResourceGrowth(memory: 2, time: 1.5))
    run.finish(run.attempt("p", 1, 3), .failed(.outOfMemory(certain: true)))
    #expect(run.work.count == 3)
    run.feed(.retry(run.firing("p"), nil, .alone))
    #expect(run.work.last?.growth == ResourceGrowth(memory: 4, time: 1.5))
    let notices = run.events.compactMap { event -> String? in
      if case .notice(let text) = event.change { text } else { nil }
    }
    #expect(notices.last?.contains("4 times the memory and 1.5 times the time") == true)
  }

  @Test func `two retries are three runs`() throws {
    var options = RunMachine.Options()
    options.retries = 2
    var run = try Scenario(Self.single(#""x": 1"#), options: options)
    for attempt in 1...3 { run.finish(run.attempt("p", 1, attempt), .failed(.exit(1))) }
    #expect(run.work.count == 3)
    #expect(run.state.state(of: run.firing("p")) == .failed)
  }
}
