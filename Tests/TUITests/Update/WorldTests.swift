import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

struct WorldTests {
  @Test func `the first screen follows the first task's log`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    var model = Model(
      run: RunState(workflow: story.workflow), theme: Theme(),
      size: Size(columns: 80, rows: 24), now: story.time)
    #expect(model.start().isEmpty)
    let attempt = try story.startNext()
    #expect(
      model.update(.world([.events(story.events)])) == [.world(.followLogs(.attempts([attempt])))])
  }

  @Test func `output files are read once an attempt without output has ended, not before`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    let attempt = try story.startNext()
    var model = story.model()
    var known = story.events.count
    story.finish(attempt, .failed(.exit(3)))
    let request = Effect.world(.readOutputFiles(of: attempt))
    #expect(model.update(.world([.events(Array(story.events[known...]))])).contains(request))
    known = story.events.count
    #expect(model.update(.world([])).isEmpty, "only once")

    story.tell(.retry(attempt.firing, nil, .alone))
    let second = try story.startNext()
    _ = model.update(.world([.events(Array(story.events[known...]))]))
    _ = model.update(
      .world([.log(LogUpdate(attempt: second, chunks: [Scenes.chunk(1, .standardError, "x")]))]))
    known = story.events.count
    story.finish(second, .failed(.exit(3)))
    let later = model.update(.world([.events(Array(story.events[known...]))]))
    #expect(!later.contains(.world(.readOutputFiles(of: second))), "there was output")
  }

  @Test func `a retry is followed from its own beginning`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    let first = try story.startNext()
    story.finish(first, .failed(.exit(3)))
    var model = story.model()
    let known = story.events.count
    story.tell(.retry(first.firing, nil, .alone))
    let second = try story.startNext()
    let effects = model.update(.world([.events(Array(story.events[known...]))]))
    #expect(effects == [.world(.followLogs(.attempts([second])))])
    #expect(second.number == 2)
  }

  @Test func `phases follow the run`() throws {
    var story = try Story(Workflows.chain)
    var phases: [Model.Phase] = [story.model().phase]
    story.begin()
    phases.append(story.model().phase)
    let first = try story.startNext()
    story.finish(first, .failed(.exit(3)))
    phases.append(story.model().phase)
    #expect(story.model().draw().lines[0].contains("failed, open: r retries"))
    story.tell(.retry(first.firing, nil, .alone))
    phases.append(story.model().phase)
    story.finish(try story.startNext(), .failed(.exit(3)))
    story.tell(.close)
    phases.append(story.model().phase)
    #expect(phases == [.live, .live, .open, .live, .closed])
    #expect(!story.model().needsClock)
  }

  @Test func `a dead engine is shown until there is another`() throws {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, 120, 32)
    _ = model.update(.world([.engine(isAlive: false)]))
    let header = model.draw().lines[0]
    #expect(header.contains("‽ engine died: :resume"))
    #expect(header.contains("no engine"))
    #expect(!header.contains("ETA"))
    #expect(model.update(.input(.key(.character("p")))).isEmpty)
    #expect(model.status?.hasPrefix("the engine died") == true)
    #expect(model.objection(to: .task(.retryAll)) == nil, "it starts another engine")
    #expect(model.update(.input(.key(.character("q")))) == [.leave(.detach)])
    _ = model.update(.world([.engine(isAlive: true)]))
    #expect(model.draw().lines[0].contains("▶ running"))
  }

  @Test func `the journal shows another engine, too`() throws {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, 120, 32)
    _ = model.update(.world([.engine(isAlive: false)]))
    let change = RunEvent.Change.engineStarted(EngineInfo(host: "h", pid: 7, takeOvers: 1))
    _ = model.update(.world([.events([RunEvent(time: story.time, change)])]))
    #expect(!model.lacksEngine)
  }

  @Test(arguments: [false, true])
  func `switching to another run keeps the arrangement`(isPlain: Bool) throws {
    let story = try Scenes.midway()
    var model = story.model(120, 32, ascii: true, colors: .sixteen)
    for key in [":"] + "theme light".map(String.init) {
      _ = model.update(.input(.key(.character(Character(key)))))
    }
    _ = model.update(.input(.key(.enter)))
    model.setPlain(isPlain, colors: isPlain ? .none : .sixteen)
    model.log.settings.wraps = true
    var byName = TaskOrder(.name)
    byName.isDescending = true
    model.tasks.sort(byName)
    model.timeline.grouping = .stages
    model.arrangement.shares.left = 300
    let other = try Story(Workflows.chain)
    _ = model.update(.world([.switched(other.state)]))
    #expect(model.run.workflow.name == "chain")
    #expect(model.isPlain == isPlain)
    #expect(model.theme.isForScreenReader == isPlain)
    #expect(model.log.settings.wraps)
    #expect(model.tasks.shown.order.isDescending)
    #expect(model.timeline.grouping == .stages)
    #expect(model.arrangement.shares.left == 300)
    model.setPlain(false, colors: .sixteen)
    #expect(model.theme.ascii)
    #expect(model.theme.name == .light)
  }

  @Test func `seeking in a replay keeps plain mode`() throws {
    let story = try Scenes.midway()
    var model = story.model()
    model.setPlain(true, colors: .none)
    _ = model.update(.world([.rewound(story.state)]))
    #expect(model.isPlain && model.theme.isForScreenReader)
  }

  @Test func `a closed run does not lack an engine`() throws {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, 120, 32)
    _ = model.update(.world([.engine(isAlive: false), .closed]))
    #expect(!model.lacksEngine)
    #expect(model.draw().lines[0].contains("closed"))
  }

  @Test func `a lost connection is shown until it is back`() throws {
    var model = try Scenes.midway().model()
    _ = model.update(.world([.connection(.lost("connection refused"))]))
    #expect(model.draw().text.contains("Redis lost, retrying"))
    #expect(model.draw().lines.last?.contains("connection refused") == true)
    _ = model.update(.world([.connection(.live)]))
    #expect(!model.draw().text.contains("Redis lost, retrying"))
  }

  @Test func `notices are shown until the next key and some time longer`() throws {
    var model = try Scenes.midway().model()
    _ = model.update(.world([.notice("late report\u{1B}[2J ignored")]))
    #expect(model.draw().lines.last?.contains("late report") == true)
    #expect(model.draw().text.unicodeScalars.allSatisfy { $0 != "\u{1B}" })
    for second in 0..<3 { _ = model.update(.clock(second)) }
    #expect(model.status != nil)
    _ = model.update(.clock(3))
    #expect(model.status == nil, "it fades after three seconds")
  }

  @Test func `names from outside cannot control the terminal`() throws {
    let evil = #"evil\u001b]0;x\u0007\u202e"#
    let text = """
      {"name":"\(evil)","processes":[{"name":"\(evil)","function":"command","firingLimit":1,
       "ins":["in"],"outs":["\(evil)"],"config":{"executor":{"executable":"\(evil)","args":[]}}}],
       "signals":[{"name":"in","data":[{}]},{"name":"\(evil)"}],"ins":[],"outs":[]}
      """
    var story = try Story(text)
    story.begin()
    story.finish(try story.startNext(), .failed(.error("no\u{1B}[2J")))
    var model = story.model()
    for key in [Key.enter, .escape, .character("1"), .character("3"), .character("?")] {
      _ = model.update(.input(.key(key)))
      for scalar in model.draw().text.unicodeScalars where scalar != "\n" {
        #expect(scalar.properties.generalCategory != .control)
        #expect(scalar.properties.generalCategory != .format)
      }
    }
    for line in model.summary(ascii: false) {
      #expect(line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
    }
  }

  @Test func `the last line of a task that is not shown is remembered`() throws {
    var model = try Scenes.midway().model()
    let other = AttemptID(try #require(model.tasks.firing(at: 1)), 1)
    let chunk = Scenes.chunk(1, .standardError, "first\nKilled\n")
    _ = model.update(.world([.log(LogUpdate(attempt: other, chunks: [chunk]))]))
    #expect(model.draw().text.contains("Killed"))
  }

  @Test func `the rewind of a run that was left meanwhile changes nothing`() throws {
    let story = try Story(Workflows.mosaic(9))
    var model = story.model()
    let other = try Story(Workflows.pairs(3))
    _ = model.update(.world([.switched(other.state)]))
    _ = model.update(.world([.rewound(story.state)]))
    #expect(model.run.workflow.processes.count == other.workflow.processes.count)
    #expect(model.draw().size == model.layout.size)
  }
}
