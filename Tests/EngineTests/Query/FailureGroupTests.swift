import Engine
import JobProtocol
import TestSupport
import Testing

/// Failed tasks in groups that one action can fix.
@Suite struct FailureGroupTests {
  private func failing() throws -> JournaledRun {
    var journaled = try JournaledRun(Mosaic.body(6))
    try journaled.run("mProject:1")
    try journaled.run("mProject:2", .failed(.exit(1)), "no overlap between 1 and 2")
    try journaled.run("mProject:3", .failed(.exit(1)), "no overlap between 30 and 41")
    try journaled.run("mProject:4", .failed(.exit(2)), "no overlap between 3 and 4")
    try journaled.run("mProject:5", .failed(.cancelled))
    try journaled.run("mDiffFit:1", .failed(.exit(1)), "no overlap between 5 and 6")
    return journaled
  }

  @Test func `the largest group comes first, cancelled tasks last`() throws {
    let journaled = try failing()
    let groups = journaled.state.failureGroups
    #expect(groups.map(\.key.cause) == ["exit 1", "exit 2", "cancelled"])
    #expect(groups.map(\.count) == [3, 1, 1])
    #expect(groups[0].key.signature.text == "no overlap between # and #")
    #expect(journaled.labels(groups[0].tasks) == ["mProject:2", "mProject:3", "mDiffFit:1"])
    #expect(groups[0].stages.map(\.count) == [2, 1])
    #expect(groups[0].failedAt.lowerBound < groups[0].failedAt.upperBound)
    #expect(groups[2].failedAt.lowerBound == groups[2].failedAt.upperBound)
  }

  @Test func `a task with a scheduled retry stays in its group, a running one leaves`() throws {
    var journaled = try failing()
    var index = FailureIndex(journaled.state)
    let task = try journaled.firing("mProject:4")
    var generations = [index.generation]
    func append(_ change: RunEvent.Change) -> [Int] {
      journaled.append(change)
      index.follow(change, journaled.state)
      generations.append(index.generation)
      return index.groups(journaled.state).map(\.stuckCount)
    }
    #expect(append(.retryScheduled(AttemptID(task, 2), dueAt: 2_000_000)) == [3, 0, 1])
    #expect(index.key(of: task)?.cause == "exit 2")
    #expect(append(.attemptMade(AttemptID(task, 2), .policy, nil)) == [3, 1])
    #expect(index.key(of: task) == nil)
    #expect(index.taskCount == 4)
    #expect(Set(generations).count == 3)
    #expect(append(.taskHeld(try journaled.firing("mAdd:1"))) == [3, 1])
    #expect(Set(generations).count == 3)
  }

  @Test(arguments: 0..<40)
  func `following events gives the same groups as the final state`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var journaled = try JournaledRun(Mosaic.body(5))
    var index = FailureIndex(journaled.state)
    func append(_ change: RunEvent.Change) {
      journaled.append(change)
      index.follow(change, journaled.state)
    }
    let tasks = try (1...5).map { try journaled.firing("mProject:\($0)") }
    for task in tasks { append(.taskFired(task, consumed: [:])) }
    for _ in 0..<60 {
      let task = tasks[random.below(5)]
      let number = journaled.state.task(task)?.lastAttempt?.number ?? 0
      let attempt = AttemptID(task, max(1, number))
      let causes: [FailureCause] = [.exit(1), .exit(2), .cancelled, .lost("w \(number)")]
      let cause = causes[random.below(4)]
      switch random.below(5) {
      case 0: append(.attemptMade(AttemptID(task, number + 1), .user, nil))
      case 1: append(.retryScheduled(AttemptID(task, number + 1), dueAt: 5))
      case 2: append(.jobFinished(attempt, .succeeded, JobUsage(), outputs: nil))
      case 3: append(.taskSkipped(task))
      default: append(.jobFinished(attempt, .failed(cause), JobUsage(), outputs: nil))
      }
      #expect(index.groups(journaled.state) == journaled.state.failureGroups, "seed \(seed)")
    }
  }
}
