import Engine
import JobProtocol
import TestSupport
import Testing

/// Failed tasks in groups that one action can fix.
@Suite struct FailureGroupTests {
  private func failing() throws -> Telling {
    var telling = try Telling(Mosaic.body(6))
    try telling.run("mProject:1")
    try telling.run("mProject:2", .failed(.exit(1)), "no overlap between 1 and 2")
    try telling.run("mProject:3", .failed(.exit(1)), "no overlap between 30 and 41")
    try telling.run("mProject:4", .failed(.exit(2)), "no overlap between 3 and 4")
    try telling.run("mProject:5", .failed(.cancelled))
    try telling.run("mDiffFit:1", .failed(.exit(1)), "no overlap between 5 and 6")
    return telling
  }

  @Test func `the largest group comes first, cancelled tasks last`() throws {
    let telling = try failing()
    let groups = telling.state.failureGroups
    #expect(groups.map(\.key.cause) == ["exit 1", "exit 2", "cancelled"])
    #expect(groups.map(\.count) == [3, 1, 1])
    #expect(groups[0].key.signature.text == "no overlap between # and #")
    #expect(telling.labels(groups[0].tasks) == ["mProject:2", "mProject:3", "mDiffFit:1"])
    #expect(groups[0].stages.map(\.count) == [2, 1])
    #expect(groups[0].failedAt.lowerBound < groups[0].failedAt.upperBound)
    #expect(groups[2].failedAt.lowerBound == groups[2].failedAt.upperBound)
  }

  @Test func `a task with a scheduled retry stays in its group, a running one leaves`() throws {
    var telling = try failing()
    var index = FailureIndex(telling.state)
    let task = try telling.firing("mProject:4")
    var generations = [index.generation]
    func tell(_ change: RunEvent.Change) -> [Int] {
      telling.tell(change)
      index.follow(change, telling.state)
      generations.append(index.generation)
      return index.groups(telling.state).map(\.stuckCount)
    }
    #expect(tell(.retryScheduled(AttemptID(task, 2), dueAt: 2_000_000)) == [3, 0, 1])
    #expect(index.key(of: task)?.cause == "exit 2")
    #expect(tell(.attemptMade(AttemptID(task, 2), .policy, nil)) == [3, 1])
    #expect(index.key(of: task) == nil)
    #expect(index.taskCount == 4)
    #expect(Set(generations).count == 3)
    #expect(tell(.taskHeld(try telling.firing("mAdd:1"))) == [3, 1])
    #expect(Set(generations).count == 3)
  }

  @Test(arguments: 0..<40)
  func `following events gives the same groups as the final state`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var telling = try Telling(Mosaic.body(5))
    var index = FailureIndex(telling.state)
    func tell(_ change: RunEvent.Change) {
      telling.tell(change)
      index.follow(change, telling.state)
    }
    let tasks = try (1...5).map { try telling.firing("mProject:\($0)") }
    for task in tasks { tell(.taskFired(task, consumed: [:])) }
    for _ in 0..<60 {
      let task = tasks[random.below(5)]
      let number = telling.state.task(task)?.lastAttempt?.number ?? 0
      let attempt = AttemptID(task, max(1, number))
      let causes: [FailureCause] = [.exit(1), .exit(2), .cancelled, .lost("w \(number)")]
      let cause = causes[random.below(4)]
      switch random.below(5) {
      case 0: tell(.attemptMade(AttemptID(task, number + 1), .user, nil))
      case 1: tell(.retryScheduled(AttemptID(task, number + 1), dueAt: 5))
      case 2: tell(.jobFinished(attempt, .succeeded, JobUsage(), outputs: nil))
      case 3: tell(.taskSkipped(task))
      default: tell(.jobFinished(attempt, .failed(cause), JobUsage(), outputs: nil))
      }
      #expect(index.groups(telling.state) == telling.state.failureGroups, "seed \(seed)")
    }
  }
}
