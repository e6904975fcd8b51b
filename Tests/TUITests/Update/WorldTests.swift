import Engine
import JobProtocol
import Testing

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

  @Test func `an engine that has gone shows until there is another`() throws {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, 120, 32)
    _ = model.update(.world([.engine(isThere: false)]))
    let header = model.draw().lines[0]
    #expect(header.contains("‽ engine gone, :resume goes on"))
    #expect(header.contains("no engine"))
    #expect(!header.contains("ETA"))
    #expect(model.update(.input(.key(.character("p")))).isEmpty)
    #expect(model.status?.hasPrefix("the engine is gone") == true)
    #expect(model.objection(to: .task(.retryAll)) == nil, "it starts another engine")
    #expect(model.update(.input(.key(.character("q")))) == [.leave(.detach)])
    _ = model.update(.world([.engine(isThere: true)]))
    #expect(model.draw().lines[0].contains("▶ running"))
  }

  @Test func `another engine is heard of from the journal, too`() throws {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, 120, 32)
    _ = model.update(.world([.engine(isThere: false)]))
    let change = RunEvent.Change.engineStarted(EngineInfo(host: "h", pid: 7, takeOvers: 1))
    _ = model.update(.world([.events([RunEvent(time: story.time, change)])]))
    #expect(!model.lacksEngine)
  }

  @Test func `a closed run lacks no engine`() throws {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, 120, 32)
    _ = model.update(.world([.engine(isThere: false), .closed]))
    #expect(!model.lacksEngine)
    #expect(model.draw().lines[0].contains("closed"))
  }

  @Test func `a lost connection shows until it is back`() throws {
    var model = try Scenes.midway().model()
    _ = model.update(.world([.connection(.lost("connection refused"))]))
    #expect(model.draw().text.contains("Redis lost, retrying"))
    #expect(model.draw().lines.last?.contains("connection refused") == true)
    _ = model.update(.world([.connection(.live)]))
    #expect(!model.draw().text.contains("Redis lost, retrying"))
  }

  @Test func `notices show until the next key and then some`() throws {
    var model = try Scenes.midway().model()
    _ = model.update(.world([.notice("late report\u{1B}[2J ignored")]))
    #expect(model.draw().lines.last?.contains("late report") == true)
    #expect(model.draw().text.unicodeScalars.allSatisfy { $0 != "\u{1B}" })
    for second in 0..<8 { _ = model.update(.clock(second)) }
    #expect(model.status == nil)
  }

  @Test func `names from outside cannot act on the terminal`() throws {
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
}
