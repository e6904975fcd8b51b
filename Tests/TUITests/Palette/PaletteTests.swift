import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

/// Commands typed after `:`, over a run with one failed, two running, waiting and done tasks.
struct PaletteTests {
  private func model(
    _ columns: Int = 120, _ rows: Int = 32, ascii: Bool = false
  ) throws -> Model {
    var story = try Scenes.midway()
    return try Scenes.model(&story, columns, rows, ascii: ascii)
  }

  private func type(_ text: String, _ keys: Key..., into model: inout Model) -> [Effect] {
    (text.map { Key.character($0) } + keys).flatMap { model.update(.input(.key($0))) }
  }

  private func run(_ command: String, _ model: inout Model) -> [Effect] {
    type(":" + command, .enter, into: &model)
  }

  private static let failed = TaskReference(process: 2, firing: 1)
  private static let running = TaskReference(process: 7, firing: 1)

  private static let requests: [(String, ControlRequest)] = [
    ("retry", .retry([failed], .alone)), ("retry mProject:2", .retry([failed], .alone)),
    ("retry cause:exit:1", .retry([failed], .alone)),
    ("retry --downstream mProject:2", .retry([failed], .downstream)),
    ("retry --failed", .retryAllFailed), ("retry-all", .retryAllFailed),
    (
      "hold mAdd:1 mBackground:2",
      .hold([TaskReference(process: 14, firing: 1), TaskReference(process: 11, firing: 1)])
    ),
    ("hold --process mAdd", .holdProcesses([14])),
    ("hold --process 9 mConcatFit", .holdProcesses([9])),
    ("hold --process mBackground", .holdProcesses([10, 11, 12, 13])),
    ("pause", .pause), ("slots 8", .slots(8)), ("slots 4096", .slots(4096)),
    ("more-slots", .slots(3)),
    ("fewer-slots", .slots(1)), ("fail-fast on", .failFast(true)),
    ("fail-fast off", .failFast(false)), ("drain node-a/1", .drain(worker: "node-a/1")),
    ("dra node-a/1", .drain(worker: "node-a/1")),
    ("workers add slurm 4", .workers(WorkersRequest(.add, site: "slurm", count: 4))),
    ("workers remove slurm 7_1", .workers(WorkersRequest(.remove, site: "slurm", worker: "7_1"))),
  ]

  @Test func `resume needs a run whose engine died`() throws {
    var model = try model()
    #expect(run("resume", &model).isEmpty)
    #expect(model.status == "the run has an engine")
    model = try self.model()
    _ = model.update(.world([.engine(isAlive: false)]))
    #expect(run("resume now", &model).isEmpty)
    model = try self.model()
    _ = model.update(.world([.engine(isAlive: false)]))
    #expect(run("resume", &model) == [.world(.resume)])
  }

  @Test func `resume is possible if Redis died with the engine, too`() throws {
    var model = try model()
    _ = model.update(.world([.connection(.lost("connection refused"))]))
    #expect(run("resume", &model).isEmpty)
    #expect(model.status?.hasPrefix("Redis does not answer") == true)
    _ = model.update(.world([.engine(isAlive: false)]))
    #expect(run("resume", &model) == [.world(.resume)])
  }

  @Test(arguments: requests)
  func `a command sends a request`(command: String, request: ControlRequest) throws {
    var model = try model()
    #expect(run(command, &model) == [.world(.control(request))])
    let said = /requested: .*|(retry|hold|releas|cancell|skipp)ing .*/
    #expect(model.status?.wholeMatch(of: said) != nil, "\(model.status ?? "nothing")")
    #expect(model.prompt == nil)
  }

  @Test(arguments: [
    ("skip mProject:2", Question.tasks(.skip([FiringID(.init(number: 2), 1)]))),
    (
      "cancel state:running stage:mDiffFit firing:1 mDiffFit:3",
      Question.tasks(.cancel([FiringID(.init(number: 7), 1)]))
    ),
    ("stop", Question.stop),
  ])
  func `a command that loses something asks first`(command: String, question: Question) throws {
    var model = try model()
    #expect(run(command, &model).isEmpty)
    #expect(model.overlay == .question(question))
  }

  @Test(arguments: [
    ("continue", "it is not paused"), ("slots", "slots must be a number"),
    ("slots 0", "slots must be a number"),
    ("slots 4097", "slots must be a number from 1 to 4096"),
    ("hold --process", "needs a process: its name or number"),
    ("hold --process mNone", "unknown process mNone"),
    ("release --process mAdd", "none of them is held"),
    ("slots 1 2", "slots must be a number"), ("fail-fast", "fail-fast needs on or off"),
    ("close", "the run is still running"), ("drain", "drain needs the name of a worker"),
    ("workers", "workers needs a change and a site"), ("workers add slurm x", "needs a number"),
    ("workers add slurm 0", "at least 1"), ("drain nobody", "unknown worker nobody"),
    ("pause now", "unexpected argument: now"),
    ("retry mAdd:1", "mAdd:1 is waiting: only ended or scheduled tasks can be retried"),
    ("retry mAdd:999", "unknown task mAdd:999: mAdd has 1"),
    ("skip mAdd:2", "unknown task mAdd:2: mAdd has 1"), ("cancel mAdd:2", "unknown task mAdd:2"),
    ("hold mAdd:2", "unknown task mAdd:2"), ("release mAdd:2 mAdd:1", "unknown task mAdd:2"),
    ("retry zzz", "no task matches zzz"), ("retry colour:red", "colour: is not a filter key"),
    ("release mAdd:1", "only held tasks can be released"), ("frobnicate", "unknown command"),
    ("s", "s is ambiguous: skip"), ("retry --failed mAdd:1", "retry --failed takes no tasks"),
  ])
  func `a command that is not possible says why`(command: String, reason: String) throws {
    var model = try model()
    #expect(run(command, &model).isEmpty)
    #expect(model.status?.contains(reason) == true, "\(model.status ?? "nothing")")
  }

  @Test func `a closed run accepts only requests that restart its engine`() throws {
    var model = try model()
    _ = model.update(.world([.closed]))
    #expect(run("retry", &model) == [.world(.control(.retry([Self.failed], .alone)))])
    #expect(run("retry --failed", &model) == [.world(.control(.retryAllFailed))])
    let task = TaskReference(process: 14, firing: 1)
    #expect(run("hold mAdd:1", &model) == [.world(.control(.hold([task])))])
    #expect(run("hold --process mAdd", &model) == [.world(.control(.holdProcesses([14])))])
    let others = [
      "cancel mDiffFit:3", "pause", "slots 3", "fail-fast on", "stop", "close",
      "drain node-a/1",
    ]
    for command in others {
      #expect(run(command, &model).isEmpty, "\(command)")
      #expect(model.status?.contains("the run is closed: a retry reopens it") == true, "\(command)")
    }
  }

  @Test func `held tasks and processes are released, by name too`() throws {
    var story = try Scenes.midway()
    story.tell(.holdProcess(ProcessID(number: 14)))
    var model = try Scenes.model(&story, 120, 32)
    #expect(
      run("release --process mAdd", &model) == [.world(.control(.releaseProcesses([14])))])
    #expect(run("hold --process mAdd", &model).isEmpty)
    #expect(model.status == "all of them are already held")
  }

  @Test func `names of processes are completed`() throws {
    var model = try model()
    _ = type(":hold --p", .tab, into: &model)
    #expect(model.prompt?.field.text == "hold --process")
    _ = type(" mC", .tab, into: &model)
    #expect(model.prompt?.field.text == "hold --process mConcatFit")
  }

  @Test(arguments: [false, true])
  func `continue also continues after a fail-fast stop`(isClosed: Bool) throws {
    var story = try Story(Workflows.chain)
    story.begin()
    story.tell(.failFast(true))
    story.finish(try story.startNext(), .failed(.exit(3)))
    if isClosed { story.tell(.close) }
    var model = story.model()
    #expect(model.phase == (isClosed ? .closed : .open))
    #expect(run("continue", &model) == [.world(.control(.continue))])
  }

  @Test func `filters and panes are commands`() throws {
    var model = try model()
    _ = run("filter fit", &model)
    #expect(model.tasks.count == 5)
    _ = run("filter", &model)
    #expect(model.tasks.count == 14)
    _ = run("log", &model)
    #expect(model.focus == .log)
    #expect(run("redraw", &model) == [.redraw])
  }

  @Test func `Tab cycles through matching commands`() throws {
    var model = try model()
    _ = type(":ret", .tab, into: &model)
    #expect(model.prompt?.field.text == "retry ")
    _ = type("mP", .tab, into: &model)
    #expect(model.prompt?.field.text == "retry mProject:2")
    _ = type("", .tab, into: &model)
    #expect(model.prompt?.field.text == "retry mProject:1")
    _ = type("", .backTab, into: &model)
    #expect(model.prompt?.field.text == "retry mProject:2")
    #expect(type("", .enter, into: &model) == [.world(.control(.retry([Self.failed], .alone)))])
  }

  @Test func `Up recalls earlier commands, Down returns to the typed text`() throws {
    var model = try model()
    _ = run("slots 3", &model)
    _ = run("pause", &model)
    _ = run("slots 3", &model)
    _ = type(":fi", .up, into: &model)
    #expect(model.prompt?.field.text == "slots 3")
    _ = type("", .up, .up, into: &model)
    #expect(model.prompt?.field.text == "pause")
    _ = type("", .down, .down, into: &model)
    #expect(model.prompt?.field.text == "fi")
  }

  @Test func `Esc and an empty line leave the command line`() throws {
    var model = try model()
    for keys in [[Key.escape], [.enter], [.backspace], [.control("c")]] {
      _ = type(":", into: &model)
      #expect(model.prompt != nil)
      for key in keys { #expect(model.update(.input(.key(key))).isEmpty) }
      #expect(model.prompt == nil && model.overlay == nil)
    }
  }

  @Test func `every verb and every key's action is listed`() throws {
    let model = try model()
    let names = model.paletteEntries.map(\.name)
    #expect(Set(names).count == names.count)
    for verb in Verb.all { #expect(names.contains(verb.name)) }
    for action in RunAction.allCases { #expect(names.contains(Action.run(action).name)) }
    #expect(
      model.paletteEntries(for: "slot").map(\.name) == ["slots", "more-slots", "fewer-slots"])
  }

  @Test(arguments: [(60, 16), (80, 24), (120, 36), (200, 60)], [false, true])
  func `the list shows matching commands and why some are not possible`(
    size: (Int, Int), ascii: Bool
  ) throws {
    var model = try model(size.0, size.1, ascii: ascii)
    _ = type(":re", into: &model)
    let name = "palette-\(size.0)x\(size.1)\(ascii ? "-ascii" : "")"
    try ExpectedScreen.expect(model.draw(), name)
  }
}
