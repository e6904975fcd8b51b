import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

struct TasksModelTests {
  private func order(_ run: RunState) -> [FiringID] {
    TaskOrder.states.flatMap { state in
      run.processes.flatMap { process -> [FiringID] in
        var firings = process.tasks.filter { $0.state == state }.map(\.id)
        if state == .waiting, process.waiting > 0 {
          firings.append(FiringID(process.id, process.tasks.count + 1))
        }
        return firings
      }
    }
  }

  @Test func `the index follows a run event by event`() throws {
    let story = try Scenes.midway()
    var run = RunState(workflow: story.workflow)
    var index = TaskIndex(run)
    var shown = ShownTasks(index, run)
    for event in story.events {
      run.apply(event)
      index.follow(event.change, run)
      shown.follow(index.takeChanged(), index, run)
      let expected = order(run).map { ShownTasks.Entry.task($0) }
      #expect((0..<index.count).compactMap { shown.entry(at: $0, index) } == expected)
      for (place, entry) in expected.enumerated() {
        #expect(shown.position(of: entry, index) == place)
      }
    }
    #expect(shown.entry(at: index.count, index) == nil)
    #expect(shown.entry(at: -1, index) == nil)
  }

  @Test func `events about unknown tasks change nothing`() throws {
    let story = try Story(Workflows.chain)
    var model = story.model()
    let before = model.draw()
    let strange = FiringID(ProcessID(number: 99), 7)
    let none = FiringID(ProcessID(number: 1), 5)
    for firing in [strange, none, FiringID(ProcessID(number: 0), 0)] {
      let events = [
        RunEvent(time: 0, .taskFired(firing, consumed: [:])),
        RunEvent(time: 0, .jobStarted(AttemptID(firing, 1), Story.node, pid: 1)),
        RunEvent(time: 0, .taskSkipped(firing)),
      ]
      _ = model.update(.world([.events(events)]))
    }
    #expect(model.draw().lines.dropFirst() == before.lines.dropFirst())
  }

  @Test func `the failed task is selected if the user has selected none`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    let first = try story.startNext()
    var model = story.model()
    #expect(model.selected == first.firing)
    story.finish(first, .failed(.exit(3)))
    let second = story.events.count
    _ = model.update(.world([.events(Array(story.events[(second - 2)...]))]))
    #expect(model.selected == first.firing)
  }

  @Test func `a selected task stays selected when it moves`() throws {
    var story = try Story(Workflows.mosaic(6))
    story.begin(slots: 6)
    let attempts = try (0..<6).map { _ in try story.startNext() }
    var model = story.model()
    let known = story.events.count
    _ = model.update(.input(.key(.down)))
    #expect(model.selected == attempts[1].firing)
    story.finish(attempts[1])
    _ = model.update(.world([.events(Array(story.events[known...]))]))
    #expect(model.selected == attempts[1].firing)
    #expect(model.run.state(of: attempts[1].firing) == .succeeded)
    _ = model.update(.input(.key(.escape)))
    _ = model.update(.clock(story.time + 1000))
    #expect(model.selected == attempts[1].firing, "Escape moves no cursor")
  }

  @Test func `without a selection by the user the table shows its beginning`() throws {
    let story = try Story(Workflows.mosaic(60))
    var model = story.model(80, 24)
    #expect(model.tasks.window.top == 0)
    _ = model.update(.input(.key(.character("G"))))
    #expect(model.tasks.window.top + 8 == model.tasks.count)
    _ = model.update(.input(.key(.character("g"))))
    #expect(model.tasks.window.top == 0)
  }

  @Test func `the filter finds labels, states and causes`() throws {
    let story = try Scenes.midway()
    var list = TasksModel(story.state)
    func labels(_ text: String, stage: Int? = nil) throws -> [String] {
      list.show(stage: stage, filter: try TaskFilter(text), story.state)
      list.refresh(story.state, height: 10)
      return (0..<list.count).compactMap { list.firing(at: $0) }.map { story.state.label($0) }
    }
    #expect(try labels("diff 3") == ["mDiffFit:3"])
    #expect(try labels("state:running") == ["mDiffFit:3", "mDiffFit:4"])
    #expect(try labels("exit 1") == ["mProject:2"])
    #expect(try labels("no such") == [])
    #expect(list.selected == nil)
    #expect(try labels("", stage: 0).count == 4)
    #expect(try labels("").count == 14)
    #expect(list.selected != nil)
  }

  @Test func `failed tasks come before tasks with a scheduled retry`() throws {
    let story = try TriageScene.story()
    var model = story.model(120, 36)
    let first = try #require(model.selected)
    let due = RunEvent.Change.retryScheduled(AttemptID(first, 2), dueAt: story.time + 60_000)
    _ = model.update(.world([.events([RunEvent(time: story.time, due)])]))
    #expect(model.selected != first)
    #expect(model.selected.map { model.run.state(of: $0) } == .failed)
  }

  @Test func `a task shown in another pane stays although it no longer matches`() throws {
    var story = try TriageScene.story()
    var model = story.model(120, 36)
    model.press(.character("/"))
    model.type("state:failed")
    model.press(.enter, .character("g"), .character("j"), .enter)
    let failed = try #require(model.selected)
    let count = model.tasks.count
    #expect(model.focus == .detail)
    let known = story.events.count
    story.tell(.retry(failed, nil, .alone))
    _ = model.update(.world([.events(Array(story.events[known...]))]))
    #expect(!model.run.state(of: failed).needsAttention)
    #expect(model.selected == failed)
    #expect(model.tasks.count == count)
    model.press(.escape)
    #expect(model.focus == .tasks)
    #expect(model.tasks.count == count - 1)
    #expect(model.selected != nil)
    #expect(model.selected != failed)
  }

  @Test func `a hundred thousand tasks are scrolled quickly`() throws {
    var set = RowSet()
    for row in 0..<100_000 { set.insert(row) }
    #expect(set.row(atRank: 99_999) == 99_999)
    #expect(set.rank(of: 99_999) == 99_999)
  }
}
