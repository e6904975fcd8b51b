import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

/// Keys act on what the user has seen: an action pins the cursor, and an item that has left the
/// list is not replaced by another.
@Suite struct PinTests {
  /// A model and the run that it shows, which continues.
  private struct Watched {
    var story: Story
    var model: Model
    private var known: Int

    init(_ columns: Int = 120, _ rows: Int = 36) throws {
      story = try TriageScene.story()
      model = story.model(columns, rows)
      known = story.events.count
      model.recordShownTarget()
    }

    /// Sends the new events to the screen.
    mutating func hear() {
      _ = model.update(.world([.events(Array(story.events[known...]))]))
      known = story.events.count
    }

    /// Carries out the requests and sends the events to the screen. Returns the retried tasks.
    mutating func press(_ keys: Key...) -> [FiringID] {
      var retried: [FiringID] = []
      for case .world(.control(.retry(let tasks, _))) in model.press(keys) {
        let firings = tasks.map { FiringID(ProcessID(number: $0.process), $0.firing) }
        for firing in firings { story.tell(.retry(firing, nil, .alone)) }
        retried += firings
      }
      hear()
      model.recordShownTarget()
      return retried
    }

    func labels(_ tasks: [FiringID]) -> [String] { tasks.map(model.run.label) }
  }

  private let retry = Key.character("r")

  // MARK: Tasks

  @Test func `pressing r twice acts on one task, even if the user selected none`() throws {
    var watched = try Watched()
    let first = watched.press(retry)
    #expect(first.count == 1)
    #expect(watched.press(retry) == [])
    #expect(watched.model.selected == first.first)
    #expect(watched.model.tasks.cursor != nil)
  }

  @Test func `pressing r twice acts on one task even if it leaves the list`() throws {
    var watched = try Watched()
    watched.model.type("/state:failed")
    watched.model.press(.enter, .character("g"))
    let first = watched.press(retry)
    #expect(first.count == 1)
    #expect(watched.press(retry) == [])
    #expect(watched.model.selected == first.first)
    let second = watched.press(.character("j"), retry)
    #expect(second.count == 1 && second != first)
  }

  @Test(arguments: [TaskGrouping.cause, .error, .stage])
  func `pressing r twice on a group that disappears does not act on the next`(
    grouping: TaskGrouping
  ) throws {
    var watched = try Watched()
    while watched.model.tasks.shown.grouping != grouping {
      watched.model.press(.character("b"))
    }
    watched.model.press(.character("g"))
    let first = watched.press(retry)
    #expect(!first.isEmpty)
    _ = watched.model.update(.clock(watched.model.now + 2000))
    watched.model.recordShownTarget()
    let second = watched.press(retry)
    #expect(second.allSatisfy { first.contains($0) }, "\(watched.labels(second))")
  }

  @Test func `if the selected task leaves the list, nothing is selected`() throws {
    var watched = try Watched()
    watched.model.type("/state:failed")
    watched.model.press(.enter, .character("g"))
    let failed = try #require(watched.model.selected)
    watched.story.tell(.retry(failed, nil, .alone))
    watched.hear()
    watched.model.recordShownTarget()
    #expect(watched.model.tasks.hasLeftList && watched.model.tasks.cursor == nil)
    for key in "rsxeHU" { #expect(watched.press(.character(key)) == []) }
    #expect(watched.model.overlay == nil)
    #expect(watched.model.status?.contains("has left the list") == true)
    for key in " V" {
      #expect(watched.model.press(.character(key)).isEmpty)
      #expect(watched.model.tasks.marks.isEmpty && watched.model.tasks.hasLeftList)
      #expect(watched.model.status?.contains("has left the list") == true)
    }
    let others = watched.press(.down, retry)
    #expect(others.count == 1 && others != [failed])
  }

  @Test func `a task that returns to the list is selected again`() throws {
    var watched = try Watched()
    watched.model.type("/state:failed")
    watched.model.press(.enter, .character("g"))
    let failed = try #require(watched.model.selected)
    watched.story.tell(.retry(failed, nil, .alone))
    watched.hear()
    #expect(watched.model.tasks.hasLeftList)
    while let next = try? watched.story.startNext() {
      watched.story.finish(next, .failed(.exit(1)))
    }
    watched.hear()
    #expect(!watched.model.tasks.hasLeftList)
    #expect(watched.press(retry) == [failed])
  }

  @Test func `a key does not act on a task that was not shown yet`() throws {
    var story = try Story(Workflows.mosaic(6))
    story.begin(slots: 6)
    let attempts = try (0..<6).map { _ in try story.startNext() }
    var model = story.model()
    model.recordShownTarget()
    #expect(model.selected == attempts[0].firing)
    let known = story.events.count
    story.finish(attempts[0])
    story.finish(attempts[3], .failed(.exit(1)))
    _ = model.update(.world([.events(Array(story.events[known...]))]))
    #expect(model.selected == attempts[3].firing)
    #expect(model.press(retry).isEmpty)
    #expect(model.status == "nothing done: the selection has just moved to mProject:4")
    let again = model.press(retry)
    let reference = attempts[3].firing.reference
    #expect(again.contains(.world(.control(.retry([reference], .alone)))))
  }

  @Test func `keys typed faster than the screen is painted act as intended`() throws {
    var watched = try Watched()
    watched.model.type("/state:failed")
    watched.model.press(.enter)
    watched.model.recordShownTarget()
    let effects = watched.model.press(.character("g"), retry, .character("j"), retry)
    let retried = effects.compactMap {
      if case .world(.control(.retry(let tasks, _))) = $0 { tasks } else { nil }
    }
    #expect(retried.count == 2 && retried[0] != retried[1])
  }

  @Test(arguments: [Pane.timeline, .workers, .runs, .events, .graph])
  func `keys do not act on a task that is not on the screen`(pane: Pane) throws {
    var watched = try Watched(80, 24)
    try watched.model.select("mProject:2")
    watched.model.choose(pane)
    _ = watched.model.update(.clock(watched.model.now))
    watched.model.recordShownTarget()
    let acted = watched.press(retry)
    #expect(!acted.contains(try watched.story.firing("mProject:2")) || pane == .graph)
    if [.timeline, .workers, .runs].contains(pane) {
      #expect(acted == [])
      #expect(watched.model.status?.hasSuffix(" is not on the screen: show it with 2") == true)
      #expect(!watched.model.draw().lines.contains { $0.contains("r retry") })
    }
  }

  @Test func `keys on a screen of one line do nothing`() throws {
    var watched = try Watched(40, 7)
    for key in "rsxeHU" { #expect(watched.press(.character(key)) == []) }
    #expect(watched.model.overlay == nil)
    #expect(watched.model.status?.contains("too small") == true)
  }

  // MARK: Failures

  @Test func `pressing r twice on an error that is gone does not act on the next`() throws {
    var watched = try Watched()
    watched.model.press(.character("F"))
    watched.model.recordShownTarget()
    let before = watched.model.failures.groups.count
    let first = watched.press(retry)
    #expect(!first.isEmpty)
    #expect(watched.model.failures.groups.count == before - 1)
    #expect(watched.model.failures.group != nil, "the next error is under the cursor")
    #expect(watched.press(retry) == [])
    #expect(watched.model.status?.contains("has just moved") == true)
    let second = watched.press(retry)
    #expect(!second.isEmpty && Set(second).isDisjoint(with: first))
  }

  @Test func `a second later, r acts on the error that took the place of the first`() throws {
    var watched = try Watched()
    watched.model.press(.character("F"))
    watched.model.recordShownTarget()
    let first = watched.press(retry)
    _ = watched.model.update(.clock(watched.model.now + 1500))
    watched.model.recordShownTarget()
    let second = watched.press(retry)
    #expect(!second.isEmpty && Set(second).isDisjoint(with: first))
  }

  @Test func `an error that goes without an action leaves nothing selected`() throws {
    var watched = try Watched()
    watched.model.press(.character("F"), .down, .up)
    watched.model.recordShownTarget()
    for task in try #require(watched.model.failures.group?.tasks) {
      watched.story.tell(.retry(task, nil, .alone))
    }
    watched.hear()
    watched.model.recordShownTarget()
    #expect(watched.model.failures.group == nil)
    #expect(watched.press(retry) == [])
    #expect(watched.model.status?.contains("has left the list") == true)
  }

  // MARK: Timeline

  @Test func `the cursor stays on its bar when workers join before it`() throws {
    var watched = try Watched(200, 40)
    watched.model.press(.character("T"), .character("f"), .down, .right)
    let bar = try #require(watched.model.timeline.chosenBar)
    let early = ExecutorIdentity(name: "node-a/1", host: "node-a", pid: 100)
    // More slots of the first worker come before the rows of others.
    for number in 1...2 {
      let other = ExecutorIdentity(name: "node-z/\(number)", host: "node-z", pid: 7)
      watched.story.tell(.workerJoined(other, slots: 4))
      _ = try? watched.story.startNext(on: number == 1 ? other : early)
    }
    watched.hear()
    #expect(watched.model.timeline.chosenBar == bar)
    #expect(TimelinePane.subjects(watched.model) == [bar.attempt.firing])
  }

  @Test func `keys do not act on a bar outside the visible range`() throws {
    var watched = try Watched(200, 40)
    watched.model.press(.character("T"), .character("f"), .left, .left, .left, .left)
    for _ in 0..<12 { watched.model.press(.character("+")) }
    #expect(watched.model.timeline.chosenBar != nil)
    for _ in 0..<40 { watched.model.press(.character(">")) }
    watched.model.recordShownTarget()
    #expect(TimelinePane.subjects(watched.model) == [])
    #expect(watched.press(retry) == [])
    #expect(watched.model.status?.contains("not on the screen") == true)
  }

  // MARK: Workers, runs, events, the graph

  @Test func `the cursor stays on its worker when another one leaves`() throws {
    var story = try Scenes.busy()
    var model = story.model(120, 30)
    model.press(.character("5"), .down)
    let name = try #require(model.chosenWorker?.name)
    let known = story.events.count
    story.tell(.workerGone(name: Scenes.nodes[0].name, reason: "left"))
    _ = model.update(.world([.events(Array(story.events[known...]))]))
    #expect(model.workerRows.first?.name == name)
    #expect(model.chosenWorker?.name == name)
    model.press(.character("D"))
    #expect(model.overlay == .question(.drain(worker: name)))
  }

  @Test func `the cursor stays on its run when new runs appear before it`() throws {
    func entry(_ run: String) -> RunEntry {
      RunEntry(
        run: run, shortID: String(run.prefix(4)), name: run, workflowPath: "/w/workflow.json",
        startedAt: 0, condition: .interrupted, counts: nil, canBeShown: true)
    }
    var model = try TriageScene.model(120, 36)
    model.press(.character("7"))
    _ = model.update(.world([.runs([entry("aaaa1111"), entry("bbbb2222")])]))
    model.press(.down)
    _ = model.update(
      .world([.runs([entry("cccc3333"), entry("aaaa1111"), entry("bbbb2222")])]))
    #expect(model.press(.enter).contains(.world(.switchRun("bbbb2222"))))
    _ = model.update(.world([.runs([entry("cccc3333"), entry("aaaa1111")])]))
    #expect(model.chosenRun == nil)
    #expect(
      !model.press(.enter).contains { if case .world(.switchRun) = $0 { true } else { false } })
  }

  @Test func `a key does nothing if new events have moved the cursor`() throws {
    var watched = try Watched()
    watched.model.press(.character("6"))
    watched.model.recordShownTarget()
    let seen = watched.model.target
    watched.story.finish(try watched.story.startNext(), .failed(.exit(7)))
    watched.hear()
    #expect(watched.model.target != seen)
    #expect(watched.press(retry) == [])
    #expect(watched.model.status?.contains("has just moved") == true)
    #expect(!watched.model.events.isFollowing)
    let pinned = watched.model.target
    while let next = try? watched.story.startNext() { watched.story.finish(next) }
    watched.hear()
    #expect(watched.model.target == pinned)
  }

  @Test func `keys do not act on a node that is not visible`() throws {
    var story = try Story(Workflows.mosaic(60))
    story.begin(slots: 4)
    story.finish(try story.startNext(), .failed(.exit(1)))
    var model = story.model(80, 24)
    model.press(.character("1"), .character("f"), .character("a"))
    for _ in 0..<30 { model.press(.pageDown) }
    guard !GraphPane.isCursorShown(model) else { return }
    #expect(model.press(retry).isEmpty && model.press(.character("K")).isEmpty)
    #expect(model.status?.contains("not on the screen") == true)
  }

  @Test func `an action ends following in the graph`() throws {
    var watched = try Watched()
    watched.model.press(.character("1"))
    watched.model.graph.follows = true
    watched.model.recordShownTarget()
    _ = watched.press(retry)
    #expect(!watched.model.graph.follows)
  }
}
