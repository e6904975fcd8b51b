import Engine
import JobProtocol
import Testing
import Workflow

@testable import Report

/// Which chain of tasks determined how long a run took.
struct MeasuredPathTests {
  /// Two tasks side by side, and one that needs both.
  private func diamond() throws -> Story {
    var story = try Story(
      [
        Story.process("fast", ins: [0], outs: [1]), Story.process("slow", ins: [0], outs: [2]),
        Story.process("last", ins: [1, 2]),
      ].joined(separator: ","), signals: Story.signals(3))
    story.send(0, 1)
    story.fire(0, task(1))
    story.fire(0, task(2))
    story.run(task(1), at: (0, 10, 100))
    story.send(100, 2, from: task(1))
    story.run(task(2), at: (0, 20, 300))
    story.send(300, 3, from: task(2))
    story.fire(300, task(3))
    story.run(task(3), at: (310, 350, 400))
    story.settle(400)
    return story
  }

  @Test func `the path goes through the task that others waited for`() throws {
    let path = try diamond().report().path
    #expect(path.steps.map(\.label) == ["slow:1", "last:1"])
    #expect(path.steps.map(\.link) == [.start, .outputs])
    #expect(path.totalMilliseconds == 400)
  }

  @Test func `the steps have no gaps`() throws {
    let path = try diamond().report().path
    #expect(path.steps[0].range == Story.start...Story.start + 300)
    #expect(path.steps[1].range == Story.start + 300...Story.start + 400)
    #expect(path.steps[0].phases[.queue] == 20)
    #expect(path.steps[0].phases[.run] == 280)
    #expect(path.steps[1].phases[.wait] == 10)
    #expect(path.steps[1].phases[.queue] == 40)
    #expect(path.steps[1].phases[.run] == 50)
    #expect(path.phases[.run] == 330)
  }

  @Test func `pauses between attempts count as waiting`() throws {
    var story = try Story(Story.process("a", ins: [0]), signals: Story.signals(1))
    story.send(0, 1)
    story.fire(0, task(1))
    story.run(task(1), at: (0, 0, 100), .failed(.exit(1)))
    story.tell(100, .retryScheduled(AttemptID(task(1), 2), dueAt: Story.start + 600))
    story.tell(600, .attemptMade(AttemptID(task(1), 2), .policy, nil))
    story.run(task(1), attempt: 2, at: (600, 650, 700))
    let step = try #require(story.report().path.steps.first)
    #expect(step.phases[.run] == 150)
    #expect(step.phases[.queue] == 50)
    #expect(step.phases[.wait] == 500)
    #expect(step.phases.total == 700)
  }

  @Test func `a sequential process waits for its previous firing`() throws {
    var story = try Story(
      Story.process("a", ins: [0], more: #", "firingLimit": 2"#), signals: Story.signals(1))
    story.send(0, 1, count: 2)
    story.fire(0, task(1, 1))
    story.run(task(1, 1), at: (0, 0, 100))
    story.fire(100, task(1, 2))
    story.run(task(1, 2), at: (100, 100, 250))
    let path = story.report().path
    #expect(path.steps.map(\.label) == ["a:1", "a:2"])
    #expect(path.steps.map(\.link) == [.start, .limit])
    #expect(path.totalMilliseconds == 250)
  }

  @Test func `a process without a limit waits for no firing`() throws {
    var story = try Story(
      Story.process("a", ins: [0], more: #", "firingLimit": 2, "parlevel": 0"#),
      signals: Story.signals(1))
    story.send(0, 1, count: 2)
    story.fire(0, task(1, 1))
    story.fire(0, task(1, 2))
    story.run(task(1, 1), at: (0, 0, 100))
    story.run(task(1, 2), at: (0, 0, 250))
    #expect(story.report().path.steps.map(\.label) == ["a:2"])
  }

  @Test func `a later manual retry delayed no other task`() throws {
    var story = try diamond()
    story.tell(500, .attemptMade(AttemptID(task(2), 2), .user, nil))
    story.run(task(2), attempt: 2, at: (500, 500, 900))
    let path = story.report().path
    // The run ended with that attempt, which waited for no task.
    #expect(path.steps.map(\.label) == ["slow:1"])
    #expect(path.totalMilliseconds == 900)
  }

  @Test func `a reset task waits for the task that ran again before it`() throws {
    var story = try diamond()
    story.tell(500, .attemptMade(AttemptID(task(1), 2), .userDownstream, nil))
    story.tell(500, .taskReset(task(3)))
    story.run(task(1), attempt: 2, at: (500, 500, 800))
    story.tell(800, .attemptMade(AttemptID(task(3), 2), .upstream, nil))
    story.run(task(3), attempt: 2, at: (800, 800, 900))
    let path = story.report().path
    #expect(path.steps.map(\.label) == ["fast:1", "last:1"])
    #expect(path.steps[1].range == Story.start + 800...Story.start + 900)
  }

  @Test func `a run without tasks has no path`() throws {
    let story = try Story(Story.process("a", ins: [0]), signals: Story.signals(1))
    #expect(story.report().path.steps.isEmpty)
    #expect(story.report().path.totalMilliseconds == 0)
  }
}
