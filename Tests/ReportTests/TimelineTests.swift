import Engine
import JobProtocol
import Testing
import Workflow

@testable import Report

/// Which worker ran which task, and when.
struct TimelineTests {
  /// Tasks of one process, each from its start to its end on an executor.
  private func timeline(
    _ jobs: [(start: Int, end: Int)], slots: Int = 2,
    on worker: (Int) -> ExecutorIdentity = { _ in Story.worker }
  ) throws -> Timeline {
    var story = try Story(
      Story.process("a", ins: [0], more: #", "parlevel": 0"#), signals: Story.signals(1),
      slots: slots)
    story.send(0, 1, count: jobs.count)
    for number in jobs.indices { story.fire(0, task(1, number + 1)) }
    for (number, job) in jobs.enumerated() {
      story.run(task(1, number + 1), at: (0, job.start, job.end), on: worker(number))
    }
    return story.report().timeline
  }

  private func bars(_ timeline: Timeline) -> [[String]] {
    timeline.lanes.map { lane in
      lane.bars.map { "\($0.label) \($0.start - Story.start)-\($0.end - Story.start)" }
    }
  }

  @Test func `simultaneous jobs are in different lanes`() throws {
    let timeline = try timeline([(0, 100), (10, 50), (60, 120), (100, 130)])
    #expect(bars(timeline) == [["a:1 0-100", "a:4 100-130"], ["a:2 10-50", "a:3 60-120"]])
    #expect(timeline.lanes.map(\.slot) == [1, 2])
    #expect(timeline.lanes.allSatisfy { $0.worker == "w1" })
  }

  /// The end of the previous job is known some milliseconds after the next has started.
  @Test func `a worker has no more lanes than slots`() throws {
    let timeline = try timeline([(0, 105), (100, 200)], slots: 1)
    #expect(bars(timeline) == [["a:1 0-105", "a:2 105-200"]])
    #expect(timeline.jobsAtOnce.allSatisfy { $0.count <= 1 })
  }

  @Test func `one-shot executors share the lanes of their host`() throws {
    let timeline = try timeline([(0, 10), (20, 30)]) { number in
      ExecutorIdentity(name: "node-b-\(number)", host: "node-b", pid: number)
    }
    #expect(bars(timeline) == [["a:1 0-10", "a:2 20-30"]])
    #expect(timeline.lanes.map(\.worker) == ["node-b"])
  }

  @Test func `simultaneous jobs are counted`() throws {
    let timeline = try timeline([(0, 100), (50, 100), (100, 120)])
    let counts = timeline.jobsAtOnce.map { "\($0.time - Story.start):\($0.count)" }
    #expect(counts == ["0:1", "50:2", "100:1", "120:0"])
  }

  @Test func `running jobs end now`() throws {
    var story = try Story(Story.process("a", ins: [0]), signals: Story.signals(1))
    let attempt = AttemptID(task(1), 1)
    story.send(0, 1)
    story.fire(0, attempt.firing)
    story.tell(0, .jobSubmitted(attempt))
    story.tell(5, .jobTaken(attempt, Story.worker))
    story.tell(5, .jobStarted(attempt, Story.worker, pid: 1))
    let timeline = story.report(now: 500).timeline
    #expect(bars(timeline) == [["a:1 5-500"]])
    #expect(timeline.lanes[0].bars[0].result == .running)
    #expect(timeline.range == Story.start...Story.start + 500)
  }

  @Test(arguments: [
    (50, ["0", "10 ms"]), (500, ["0", "0.1 s"]), (3500, ["0", "0.5 s"]),
    (60_000, ["0", "0:00:10"]),
    (7_200_000, ["0", "0:15:00"]), (864_000_000, ["0", "2d 00:00:00"]), (0, ["0", "1 ms"]),
  ])
  func `ticks of an axis are round values`(span: Int, first: [String]) {
    let ticks = TimeAxis(range: 0...span, length: 100).ticks()
    #expect(ticks.prefix(2).map(\.text) == first)
    #expect(ticks.count <= 10)
  }
}
