import Engine
import JobProtocol
import Testing

@testable import TUI

/// The screen of a replay.
struct ReplayTests {
  private func model(
    _ story: Story, _ columns: Int = 120, _ rows: Int = 32, ascii: Bool = false
  ) -> Model {
    var model = Model(
      run: RunState(workflow: story.workflow), theme: Theme(ascii: ascii, colors: .many),
      size: Size(columns: columns, rows: rows), now: 0)
    model.begin(state(story, at: 0))
    _ = model.start()
    return model
  }

  private func state(
    _ story: Story, at elapsed: Int, speed: Double = 1, isPaused: Bool = false
  ) -> ReplayState {
    ReplayState(
      position: Story.beginning + elapsed, range: Story.beginning...Story.beginning + 100_000,
      speed: speed, isPaused: isPaused)
  }

  private func press(_ key: Character, _ model: inout Model) -> [Effect] {
    model.update(.input(.key(.character(key))))
  }

  private func requests(_ effects: [Effect]) -> [ReplayRequest] {
    effects.compactMap { effect in
      if case .world(.replay(let request)) = effect { request } else { nil }
    }
  }

  @Test func `keys pause, speed up and seek in every pane`() throws {
    let story = try Scenes.midway()
    let moment = Story.beginning + 50_000
    let wanted: [(Character, ReplayRequest)] = [
      (" ", .pause), ("p", .pause), (">", .speed(8)), ("<", .speed(2)),
      ("}", .seek(moment + 5_000)), ("{", .seek(moment - 5_000)),
      ("(", .seek(Story.beginning)), (")", .seek(Story.beginning + 100_000)),
    ]
    for pane in Pane.built {
      var model = model(story)
      _ = model.update(.world([.replay(state(story, at: 50_000, speed: 4))]))
      model.choose(pane)
      for (key, request) in wanted {
        #expect(requests(press(key, &model)) == [request], "\(pane) \(key)")
      }
    }
  }

  @Test(arguments: [(60, 16), (80, 24), (120, 36), (200, 60)], [false, true])
  func `the screen of a replay looks as expected`(size: (Int, Int), ascii: Bool) throws {
    let story = try Scenes.midway()
    var model = model(story, size.0, size.1, ascii: ascii)
    let moment = state(story, at: 28_000, speed: 4, isPaused: true)
    _ = model.update(.world([.replay(moment), .events(story.events)]))
    #expect(model.draw().lines[0].contains("28 %"))
    let name = "replay-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(model.draw(), name)
  }

  @Test func `the clock of a replay is the run's`() throws {
    let story = try Scenes.midway()
    var model = model(story)
    _ = model.update(.clock(Story.beginning + 9_000_000))
    #expect(model.now == Story.beginning)
    #expect(!model.needsClock)
    _ = model.update(.world([.replay(state(story, at: 2_000)), .events(story.events)]))
    #expect(model.now == Story.beginning + 2_000)
    _ = model.update(.world([.replay(state(story, at: 1_000))]))
    #expect(model.now == Story.beginning + 1_000)
  }

  @Test func `the header shows the position`() throws {
    let story = try Scenes.midway()
    var model = model(story)
    _ = model.update(.world([.replay(state(story, at: 28_000, speed: 8))]))
    #expect(model.draw().lines[0].hasSuffix("replay ▶ ×8  0:00:28/0:01:40  28 %"))
    _ = model.update(.world([.replay(state(story, at: 28_000, speed: 0.5, isPaused: true))]))
    #expect(model.draw().lines[0].hasSuffix("replay ‖ ×0.5  0:00:28/0:01:40  28 %"))
    _ = model.update(.world([.replay(state(story, at: 100_000, isPaused: true))]))
    #expect(model.draw().lines[0].hasSuffix("replay ‖ the end  0:01:40"))
  }

  @Test func `a failed run names no key that is not possible in a replay`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    story.finish(try story.startNext(), .failed(.exit(1)))
    var model = model(story)
    _ = model.update(.world([.events(story.events)]))
    #expect(story.model().draw().lines[0].contains("failed, open: r retries"))
    #expect(model.draw().lines[0].contains("✘ failed, open  "))
  }

  @Test func `nothing can be changed, and leaving asks nothing`() throws {
    let story = try Scenes.midway()
    var model = model(story)
    _ = model.update(.world([.replay(state(story, at: 0)), .events(story.events)]))
    for key in "rRsxH+-!XC" {
      let effects = press(key, &model)
      #expect(!effects.contains { if case .world(.control) = $0 { true } else { false } }, "\(key)")
      #expect(model.overlay == nil, "\(key)")
    }
    #expect(model.status == "a replay cannot change the run")
    #expect(press("q", &model) == [.leave(.closed)])
  }

  @Test func `going back shows the earlier state and keeps the arrangement`() throws {
    let story = try Scenes.midway()
    var model = model(story)
    _ = model.update(.world([.replay(state(story, at: 9_000)), .events(story.events)]))
    model.choose(.tasks)
    model.tasks.choose(try story.firing("mProject:3"), model.run)
    _ = press("/", &model)
    for key in "Project" { _ = press(key, &model) }
    _ = model.update(.input(.key(.enter)))
    let count = model.tasks.count
    var earlier = RunState(workflow: story.workflow)
    for event in story.events.prefix(8) { earlier.apply(event) }
    _ = model.update(.world([.replay(state(story, at: 1_000)), .rewound(earlier)]))
    #expect(model.run.eventCount == 8)
    #expect(model.now == Story.beginning + 1_000)
    #expect(model.focus == .tasks)
    #expect(model.tasks.count == count)
    #expect(model.tasks.filterText == "Project")
    #expect(requests(press(" ", &model)) == [.pause])
    // Forward again.
    _ = model.update(.world([.events(Array(story.events.dropFirst(8)))]))
    #expect(model.run.counts == story.state.counts)
  }

  @Test func `the end of a replay does not ring`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    while !story.ready.isEmpty { story.finish(try story.startNext()) }
    story.tell(.close)
    var model = model(story)
    model.adopt(
      {
        var likes = Preferences()
        likes.bell = true
        return likes
      }())
    model.begin(state(story, at: 0))
    let effects = model.update(.world([.events(story.events), .replay(state(story, at: 9_000))]))
    #expect(!effects.contains(.bell))
    #expect(model.phase == .closed)
  }

  @Test(arguments: [
    ("28%", 28_000), ("0%", 0), ("100%", 100_000), ("0:01:12", 72_000), ("1:12", 72_000),
    ("5", 5_000),
  ])
  func `positions are percentages or times`(word: String, elapsed: Int) throws {
    let state = state(try Scenes.midway(), at: 0)
    #expect(Verb.position(word, in: state) == Story.beginning + elapsed)
  }

  @Test(arguments: ["", "x", "101%", "-1%", "1:2:3:4", "1:x", ":", "-5", "99999999"])
  func `other words are not positions`(word: String) throws {
    #expect(Verb.position(word, in: state(try Scenes.midway(), at: 0)) == nil)
  }

  @Test func `the palette steers a replay and has no commands that change a run`() throws {
    let story = try Scenes.midway()
    var model = model(story)
    func run(_ line: String) -> [Effect] {
      _ = press(":", &model)
      for key in line { _ = press(key, &model) }
      return model.update(.input(.key(.enter)))
    }
    #expect(requests(run("seek 50%")) == [.seek(Story.beginning + 50_000)])
    #expect(requests(run("speed 16")) == [.speed(16)])
    #expect(run("speed fast").isEmpty)
    #expect(model.status?.contains("speed needs a number") == true)
    #expect(run("retry --failed").isEmpty)
    let names = model.paletteEntries.map(\.name)
    #expect(!names.contains("slots"))
    #expect(names.contains("seek"))
  }
}
