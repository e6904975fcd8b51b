import JSONValue
import Testing

@testable import Sites

struct AgglomerationTests {
  private static let rules: JSON = [
    ["matchTask": ["job_a", "job_b"], "size": 3, "timeoutMs": 3000, "partitions": 2],
    ["matchTask": ["job_b", "job_c"], "size": 2, "timeoutMs": 2500],
  ]

  private func task(_ name: String, _ number: Int, partition: Int? = nil) -> KubernetesTask {
    let executor: JSON = partition.map { ["partition": .int($0)] } ?? .object(JSONObject())
    return Sample.task(number, name: name, executor: executor)
  }

  private func firings(_ tasks: [KubernetesTask]?) -> [Int]? { tasks?.map(\.firing) }

  @Test func `tasks that no rule names have a Job of their own, at once`() throws {
    var groups = try Agglomeration(Self.rules)
    #expect(firings(groups.add(task("other", 1), now: 0)) == [1])
    var none = try Agglomeration(nil)
    #expect(firings(none.add(task("job_a", 1), now: 0)) == [1])
    #expect(groups.nextDue == nil)
  }

  @Test func `a group is complete with its last task, for each partition`() throws {
    var groups = try Agglomeration(Self.rules)
    #expect(groups.add(task("job_a", 1, partition: 1), now: 0) == nil)
    #expect(groups.add(task("job_a", 2, partition: 2), now: 0) == nil)
    #expect(groups.add(task("job_b", 3, partition: 1), now: 0) == nil)
    #expect(firings(groups.add(task("job_b", 4, partition: 1), now: 0)) == [1, 3, 4])
    #expect(groups.add(task("job_b", 5, partition: 2), now: 0) == nil)
    #expect(firings(groups.add(task("job_a", 6, partition: 2), now: 0)) == [2, 5, 6])
    #expect(groups.nextDue == nil)
  }

  @Test func `the time counts from the last task that came`() throws {
    var groups = try Agglomeration(Self.rules)
    _ = groups.add(task("job_a", 1, partition: 1), now: 0)
    _ = groups.add(task("job_a", 2, partition: 1), now: 2000)
    #expect(groups.nextDue == 5000)
    #expect(groups.due(now: 4999).isEmpty)
    #expect(groups.due(now: 5000).map(firings) == [[1, 2]])
    #expect(groups.due(now: 9000).isEmpty && groups.nextDue == nil)
  }

  @Test func `partitions and rules must fit each other`() throws {
    var groups = try Agglomeration(Self.rules)
    // The first rule has partitions, so job_b without one goes to the second.
    #expect(groups.add(task("job_b", 1), now: 0) == nil)
    #expect(firings(groups.add(task("job_c", 2), now: 0)) == [1, 2])
    #expect(firings(groups.add(task("job_a", 3), now: 0)) == [3])
    #expect(firings(groups.add(task("job_c", 4, partition: 1), now: 0)) == [4])
    #expect(firings(groups.add(task("job_a", 5, partition: 3), now: 0)) == [5])
  }

  @Test func `a task that is taken back leaves its group`() throws {
    var groups = try Agglomeration(Self.rules)
    let first = task("job_c", 1)
    _ = groups.add(first, now: 0)
    #expect(groups.remove(first.job) && !groups.remove(first.job))
    #expect(groups.nextDue == nil)
  }

  @Test(
    arguments: [
      ([:], "must be a list"), ([["matchTask": ["a"], "size": 2]], "[0]: needs matchTask"),
      ([["matchTask": [], "size": 2, "timeoutMs": 1]], "needs matchTask"),
      ([["matchTask": ["a"], "size": 0, "timeoutMs": 1]], "needs matchTask"),
    ] as [(JSON, String)])
  func `a rule that HyperFlow refuses is refused`(json: JSON, words: String) {
    #expect {
      try Agglomeration(json)
    } throws: {
      "\($0)".contains(words)
    }
  }
}
