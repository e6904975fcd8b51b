import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

struct TaskRequestTests {
  /// Two pairs whose first tasks have failed.
  private func failed() throws -> Story {
    var story = try Story(Workflows.pairs(2))
    story.begin(slots: 2)
    for _ in 0..<2 { story.finish(try story.startNext(), .failed(.exit(1))) }
    return story
  }

  /// The status after keys and then inputs of the engine.
  private func status(
    _ story: Story, _ keys: [Key], then inputs: (inout Story) throws -> Void
  ) throws -> (asked: String?, happened: String?) {
    var story = story
    var model = story.model(120, 36)
    for key in keys { _ = model.update(.input(.key(key))) }
    let asked = model.status
    let seen = story.events.count
    try inputs(&story)
    _ = model.update(.world([.events(Array(story.events[seen...]))]))
    return (asked, model.status)
  }

  @Test func `a retry is followed by what came of it`() throws {
    let story = try failed()
    let task = try story.firing("make:1")
    let status = try status(story, [.character("r")]) {
      $0.tell(.retry(task, nil, .alone))
    }
    #expect(status.asked == "retrying make:1")
    #expect(status.happened == "make:1 retried: attempt 2")
  }

  @Test func `a retry of all counts`() throws {
    let story = try failed()
    let first = try status(story, [.character("R")]) {
      $0.tell(.retry(try $0.firing("make:1"), nil, .alone))
    }
    #expect(first.asked == "retrying 2 failed")
    #expect(first.happened == "1 of 2 tasks retried")
    let both = try status(story, [.character("R")]) {
      $0.tell(.retry(try $0.firing("make:1"), nil, .alone))
      $0.tell(.retry(try $0.firing("make:2"), nil, .alone))
    }
    #expect(both.happened == "2 tasks retried")
  }

  @Test func `what a request leads to is said for each verb`() throws {
    let run = try failed().state
    let task = FiringID(run.workflow.processes[0].id, 1)
    let attempt = AttemptID(task, 1)
    let usage = JobUsage()
    let table: [(TaskVerb, RunEvent.Change, String)] = [
      (.skip, .taskSkipped(task), "make:1 skipped: its outputs were sent"),
      (.hold, .taskHeld(task), "make:1 held"),
      (.release, .taskReleased(task), "make:1 released"),
      (
        .cancel, .jobFinished(attempt, .failed(.cancelled), usage, outputs: nil),
        "make:1 cancelled"
      ),
      (
        .cancel, .jobFinished(attempt, .succeeded, usage, outputs: nil),
        "make:1 ended before it was cancelled"
      ),
    ]
    for (verb, change, words) in table {
      var request = TaskRequest(verb, [task])
      let isAnswer = request.apply(change, run)
      #expect(isAnswer)
      #expect(request.text(run) == words)
      #expect(request.isOver)
    }
  }

  @Test func `events about other tasks are no answer`() throws {
    let run = try failed().state
    let tasks = run.workflow.processes.prefix(2).map { FiringID($0.id, 1) }
    var request = TaskRequest(.hold, [tasks[0]])
    let answers = [
      request.apply(.taskHeld(tasks[1]), run), request.apply(.taskReleased(tasks[0]), run),
    ]
    #expect(answers == [false, false])
    #expect(!request.isOver)
  }
}
