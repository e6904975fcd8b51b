import Engine
import JobProtocol
import Testing

@testable import TUI

/// Triage: groups, the preview, and actions on a group.
@Suite struct FailuresPaneTests {
  private func model() throws -> Model {
    var model = try TriageScene.model(120, 36)
    model.press(.character("F"))
    return model
  }

  private func controls(_ effects: [Effect]) -> [ControlRequest] {
    effects.compactMap { if case .world(.control(let request)) = $0 { request } else { nil } }
  }

  @Test func `an action applies to all tasks of the group`() throws {
    var model = try model()
    #expect(model.focus == .failures)
    let all = [2, 5, 9].map { TaskReference(process: $0, firing: 1) }
    #expect(controls(model.press(.character("r"))) == [.retry(all, .alone)])
    #expect(controls(model.press(.character("s"), .character("y"))) == [.skip(all)])
    model.press(.down)
    let killed = [TaskReference(process: 7, firing: 1)]
    #expect(controls(model.press(.character("r"))) == [.retry(killed, .alone)])
  }

  @Test func `Enter shows its tasks, l its first output, y copies the error`() throws {
    var model = try model()
    let copied = model.press(.character("y"))
    #expect(copied == [.copy("exit 1: ERROR: no overlap between images 18 and 19")])
    model.press(.enter)
    #expect(model.focus == .tasks)
    #expect(model.tasks.count == 3)
    #expect(model.tasks.filterText.contains("cause:exit:1"))
    model.press(.character("F"), .down, .character("l"))
    #expect(model.focus == .log)
    #expect(model.selected.map(model.run.label) == "mProject:7")
  }

  @Test func `the log below is that of the group's first task`() throws {
    var model = try TriageScene.model(120, 36)
    try model.select("mProject:1")
    model.press(.character("F"))
    #expect(model.log.attempt.map { model.run.label($0.firing) } == "mProject:2")
    model.press(.character("j"))
    #expect(model.log.attempt.map { model.run.label($0.firing) } == "mProject:7")
    model.press(.character("k"))
    #expect(model.log.attempt.map { model.run.label($0.firing) } == "mProject:2")
    #expect(model.draw().text.contains("3 Log · mProject:2"))
    model.press(.character("3"))
    #expect(model.selected.map(model.run.label) == "mProject:2")
    model.press(.character("2"))
    #expect(model.selected.map(model.run.label) == "mProject:1")
  }

  @Test func `the preview shows downstream tasks that ran and that wait`() throws {
    let model = try model()
    let text = FailuresView.preview(model, columns: 116).map(\.text)
    #expect(text[0] == "r retries 3 tasks; no downstream task has run")
    #expect(text[1] == "12 wait for them: mDiffFit × 2, mConcatFit, mBackground × 8, mAdd")
  }

  @Test func `the preview names tasks that used earlier outputs`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    let first = try story.startNext()
    story.finish(first)
    story.finish(try story.startNext())
    story.tell(.retry(first.firing, nil, .alone))
    story.finish(try #require(story.ready.last), .failed(.exit(4)))
    var model = story.model(120, 36)
    model.press(.character("F"))
    let text = FailuresView.preview(model, columns: 116).map(\.text)
    #expect(text[0].hasPrefix("r retries 1 task; 2 tasks downstream already used"))
  }

  @Test func `the cursor stays on its group when another grows`() throws {
    var story = try TriageScene.story()
    var model = story.model(120, 36)
    model.press(.character("F"), .down)
    let key = try #require(model.failures.group?.key)
    let known = story.events.count
    for name in ["mDiffFit:6", "mDiffFit:8"] {
      let attempt = AttemptID(try story.firing(name), 1)
      story.finish(attempt, .failed(.outOfMemory(certain: true)), saying: "Killed")
    }
    story.finish(
      AttemptID(try story.firing("mDiffFit:4"), 1), .failed(.outOfMemory(certain: true)),
      saying: "Killed")
    _ = model.update(.world([.events(Array(story.events[known...]))]))
    #expect(model.failures.group?.key == key)
    #expect(model.failures.group?.count == 4)
    #expect(model.failures.window.cursor == 0)
  }

  @Test func `a fixed group disappears, and nothing is selected`() throws {
    var model = try model()
    for task in try ["mProject:2", "mProject:5", "mDiffFit:1", "mProject:7"].map(
      TriageScene.story().firing)
    {
      _ = model.update(.world([.events([RunEvent(time: model.now, .taskSkipped(task))])]))
    }
    #expect(model.failures.groups.isEmpty)
    #expect(model.draw().text.contains("no failures"))
    #expect(model.press(.character("r")).isEmpty)
    #expect(model.press(.enter).isEmpty)
    #expect(model.status == "nothing has failed")
  }
}
