import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

/// What keys do in a run with one failed and two running tasks, and with waiting and finished ones.
struct KeyTests {
  private func model(_ columns: Int = 120, _ rows: Int = 32) throws -> Model {
    var story = try Scenes.midway()
    return try Scenes.model(&story, columns, rows)
  }

  private func type(_ keys: [Key], _ model: inout Model) -> [Effect] {
    keys.flatMap { model.update(.input(.key($0))) }
  }

  private func select(_ label: String, _ model: inout Model) {
    for place in 0..<model.tasks.count
    where model.tasks.firing(at: place).map(model.run.label) == label {
      model.tasks.choose(at: place)
    }
    _ = model.update(.clock(0))
  }

  @Test(arguments: KeyTable.standard.all.flatMap(\.keys))
  func `every key is safe in every pane`(key: Key) throws {
    for pane in Pane.built {
      for (columns, rows) in [(220, 50), (120, 32), (80, 24), (40, 5)] {
        var model = try model(columns, rows)
        model.choose(pane)
        _ = model.update(.input(.key(key)))
        _ = model.draw()
        _ = model.update(.input(.key(key)))
        _ = model.draw()
      }
    }
  }

  @Test(arguments: [
    ([Key.tab], Pane.log), ([.tab, .tab], .graph), ([.backTab], .graph), ([.character("3")], .log),
    ([.character("h")], .graph), ([.left, .right], .tasks), ([.character("/")], .tasks),
  ])
  func `keys select the pane`(keys: [Key], pane: Pane) throws {
    var model = try model()
    _ = type(keys, &model)
    #expect(model.focus == pane)
  }

  @Test(arguments: [
    ([Key.character("K")], "K is a key of Graph: go there with 1"),
    ([.character("1"), .character("W")], "W is a key of Log: go there with 3"),
    ([.character("@")], "? lists the keys"), ([.function(9)], "? lists the keys"),
  ])
  func `a key without a meaning here names the panes where it has one`(keys: [Key], words: String)
    throws
  {
    var model = try model()
    #expect(type(keys, &model).isEmpty)
    #expect(model.status == words)
  }

  @Test func `r retries the selected failed task`() throws {
    var model = try model()
    let reference = TaskReference(process: 2, firing: 1)
    #expect(type([.character("r")], &model) == [.world(.control(.retry([reference], .alone)))])
    #expect(model.status == "retrying mProject:2")
  }

  @Test(arguments: [
    ("p", ControlRequest.pause), ("+", .slots(3)), ("=", .slots(3)), ("-", .slots(1)),
    ("!", .failFast(true)),
  ])
  func `keys steer the run`(key: String, request: ControlRequest) throws {
    var model = try model()
    #expect(type(key.map { .character($0) }, &model) == [.world(.control(request))])
  }

  @Test func `stopping and closing must be confirmed`() throws {
    var model = try model()
    #expect(type([.character("X"), .character("n")], &model).isEmpty)
    #expect(
      type([.character("X"), .character("y")], &model) == [.world(.control(.stop))])
    #expect(type([.character("C")], &model).isEmpty)
    #expect(model.status?.contains("the run is still running") == true)
    var story = try Story(Workflows.chain)
    story.begin()
    story.finish(try story.startNext(), .failed(.exit(1)))
    model = story.model()
    #expect(type([.character("C"), .escape], &model).isEmpty)
    #expect(
      type([.character("C"), .character("y")], &model) == [.world(.control(.close))])
    #expect(type([.character("X")], &model).isEmpty)
    #expect(model.status?.contains("nothing to stop") == true)
  }

  @Test func `H holds a task that no executor has, and U releases it`() throws {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, 120, 32)
    select("mAdd:1", &model)
    let reference = TaskReference(process: 14, firing: 1)
    #expect(type([.character("U")], &model).isEmpty)
    #expect(type([.character("H")], &model) == [.world(.control(.hold([reference])))])
    let held = RunEvent(time: story.time, .taskHeld(FiringID(.init(number: 14), 1)))
    _ = model.update(.world([.events([held])]))
    #expect(type([.character("H")], &model).isEmpty)
    #expect(type([.character("U")], &model) == [.world(.control(.release([reference])))])
  }

  @Test func `R retries all failed tasks`() throws {
    var model = try model()
    #expect(type([.character("R")], &model) == [.world(.control(.retryAllFailed))])
  }

  @Test func `skipping must be confirmed`() throws {
    var model = try model()
    #expect(type([.character("s")], &model).isEmpty)
    #expect(model.overlay == .question(.tasks(.skip([try #require(model.selected)]))))
    #expect(type([.escape], &model).isEmpty)
    #expect(model.overlay == nil)
    let reference = TaskReference(process: 2, firing: 1)
    #expect(
      type([.character("s"), .character("y")], &model) == [.world(.control(.skip([reference])))])
  }

  @Test func `cancelling must be confirmed`() throws {
    var model = try model()
    select("mDiffFit:3", &model)
    #expect(type([.character("x"), .character("z")], &model).isEmpty)
    let reference = TaskReference(process: 7, firing: 1)
    #expect(type([.character("y")], &model) == [.world(.control(.cancel([reference])))])
    #expect(model.overlay == nil)
  }

  @Test func `a question about a task that has ended closes`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    let job = try story.startNext()
    var model = story.model()
    _ = type([.character("x")], &model)
    #expect(model.overlay == .question(.tasks(.cancel([job.firing]))))
    let known = story.events.count
    story.finish(job)
    _ = model.update(.world([.events(Array(story.events[known...]))]))
    #expect(model.overlay == nil)
    #expect(model.status == "the question is closed: first:1 has succeeded")
  }

  @Test(arguments: [
    ("mAdd:1", Key.character("r"), "mAdd:1 is waiting: only ended or scheduled"),
    ("mProject:1", .character("s"), "mProject:1 has succeeded: only failed tasks can be skipped"),
    ("mProject:2", .character("x"), "mProject:2 has failed: only running or waiting"),
  ])
  func `a key that is not possible says why`(label: String, key: Key, reason: String) throws {
    var model = try model()
    select(label, &model)
    #expect(type([key], &model).isEmpty)
    #expect(model.status?.hasPrefix(reason) == true)
    #expect(model.draw().lines.last?.contains(reason) == true)
  }

  @Test func `an outage blocks requests, a closed run accepts only retries`() throws {
    var model = try model()
    _ = model.update(.world([.connection(.lost("refused"))]))
    #expect(type([.character("r")], &model).isEmpty)
    #expect(model.status?.contains("Redis") == true)
    _ = model.update(.world([.connection(.live), .closed]))
    #expect(type([.character("p")], &model).isEmpty)
    #expect(model.status == "the run is closed: a retry reopens it")
    #expect(type([.character("R")], &model) == [.world(.control(.retryAllFailed))])
  }

  @Test func `k only moves up`() throws {
    for pane in Pane.built {
      var model = try model()
      model.choose(pane)
      _ = model.update(.world([]))
      #expect(
        type([.character("k"), .character("k")], &model).allSatisfy { effect in
          switch effect {
          case .world(.followLogs), .world(.readOutputFiles), .world(.inspectFiles),
            .world(.tailLogs):
            true
          default: false
          }
        })
      #expect(model.overlay == nil)
    }
  }

  @Test func `leaving a live run asks`() throws {
    var model = try model()
    #expect(type([.character("q"), .escape], &model).isEmpty)
    #expect(type([.character("q"), .character("d")], &model) == [.leave(.detach)])
    model.overlay = nil
    #expect(
      type([.control("c"), .character("s"), .character("y")], &model)
        == [.world(.control(.stop)), .leave(.stop)])
  }

  @Test func `leaving an open run asks and does not stop it`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    story.finish(try story.startNext(), .failed(.exit(1)))
    var model = story.model()
    #expect(model.phase == .open)
    #expect(type([.character("q"), .character("s")], &model).isEmpty)
    #expect(type([.character("d")], &model) == [.leave(.detach)])
  }

  @Test func `leaving a closed run does not ask`() throws {
    var model = try model()
    _ = model.update(.world([.closed]))
    #expect(type([.character("q")], &model) == [.leave(.closed)])
  }

  @Test func `q leaves from every pane, Esc closes what covers the panes`() throws {
    var model = try model()
    _ = type([.enter, .character("q")], &model)
    #expect(model.focus == .detail)
    #expect(model.overlay == .question(.leave))
    _ = type([.escape, .escape], &model)
    #expect(model.focus == .tasks && model.arrangement.opened == nil)
  }

  @Test func `Esc and a key that arrive together are two keys`() throws {
    var model = try model()
    _ = type([.enter, .alt("?")], &model)
    #expect(model.overlay == .help)
  }

  @Test(arguments: ["\u{1B}", "\r", "\t"])
  func `any key can follow Esc at once`(second: Character) throws {
    var model = try model()
    model.tasks.show(stage: 1, model.run)
    #expect(model.tasks.isFiltered)
    _ = type([.enter, .alt(second)], &model)
    // The first key closes the detail; the second is Escape, Enter or Tab.
    #expect(model.tasks.isFiltered == (second != "\u{1B}"))
    #expect((model.focus == .detail) == (second == "\r"))
    #expect((model.focus == .log) == (second == "\t"))
  }

  @Test func `a stage shows its tasks and Esc shows all again`() throws {
    var model = try model()
    _ = type([.character("1"), .down, .character("t")], &model)
    #expect(model.focus == .tasks)
    #expect(model.tasks.count == 4)
    #expect(model.tasks.stage == 1)
    _ = type([.escape], &model)
    #expect(model.tasks.count == 14)
  }

  @Test func `the graph's cursor skips lines without a node`() throws {
    var model = try model()
    model.choose(.graph)
    var stages: [Int?] = [model.selectedStage]
    for _ in 0..<6 {
      _ = type([.down], &model)
      stages.append(model.selectedStage)
    }
    #expect(stages == [0, 1, 2, 3, 4, 4, 4])
    _ = type([.character("g")], &model)
    #expect(model.selectedStage == 0)
  }

  @Test func `typing a filter narrows the table`() throws {
    var model = try model()
    _ = type("/fit 4q".map { Key.character($0) }, &model)
    #expect(model.tasks.count == 0)
    _ = type([.backspace, .enter], &model)
    #expect(model.prompt == nil && model.tasks.count == 1)
    #expect(model.draw().text.contains("1 of 14"))
    _ = type([.escape], &model)
    #expect(model.tasks.count == 14)
  }

  @Test func `the log follows the selection`() throws {
    var model = try model()
    let effects = type([.down], &model)
    let selected = try #require(model.selected)
    #expect(effects == [.world(.followLogs(.attempts([AttemptID(selected, 1)])))])
    select("mAdd:1", &model)
    #expect(model.log.attempt == nil)
  }

  @Test func `the mouse selects panes and rows`() throws {
    var model = try model()
    _ = model.update(.input(.click(Point(column: 60, row: 5))))
    #expect(model.focus == .tasks)
    #expect(model.selected.map(model.run.label) == "mDiffFit:3")
    _ = model.update(.input(.click(Point(column: 5, row: 5))))
    #expect(model.focus == .graph && model.selectedStage == 1)
    _ = model.update(.input(.wheel(Point(column: 60, row: 4), rows: 3)))
    #expect(model.selected.map(model.run.label) == "mDiffFit:1", "of the stage")
    #expect(type([.character("M")], &model) == [.setMouse(false)])
  }

  @Test func `redraw and suspend reach the terminal`() throws {
    var model = try model()
    #expect(type([.control("l"), .control("z")], &model) == [.redraw, .suspend])
  }

  @Test func `full shows one pane and Esc shows the others again`() throws {
    var model = try model()
    _ = type([.character("f")], &model)
    #expect(model.layout.kind == .onePane)
    _ = type([.escape], &model)
    #expect(model.layout.kind == .twoColumns)
  }
}
