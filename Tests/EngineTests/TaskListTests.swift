import Testing
import Workflow

@testable import Engine

@Suite struct TaskListTests {
  private func list(_ count: Int) -> TaskList {
    var tasks = TaskList()
    for number in 0..<count {
      var task = TaskRecord(id: FiringID(ProcessID(number: 3), number + 1), firedAt: number)
      if number == 1 { task.state = .running }
      tasks.append(task)
    }
    return tasks
  }

  @Test func `the count is the number of tasks`() {
    #expect((0...3).map { list($0).count } == [0, 1, 2, 3])
    #expect((0...3).map { Array(list($0)).count } == [0, 1, 2, 3])
  }

  @Test func `an index outside has no task and no state`() {
    let tasks = list(3)
    #expect((-1...3).map { tasks[guarding: $0]?.firedAt } == [nil, 0, 1, 2, nil])
    #expect((-1...3).map { tasks.state(at: $0) } == [nil, .ready, .running, .ready, nil])
    #expect(list(0).state(at: 0) == nil && list(0)[guarding: 0] == nil)
  }

  @Test func `a task is changed in place`() {
    var tasks = list(2)
    for place in 0..<2 { tasks[place].isHeld = true }
    #expect(tasks.count == 2 && tasks.allSatisfy { $0.isHeld })
  }
}
