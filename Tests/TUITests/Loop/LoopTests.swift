import Engine
import Glibc
import JobProtocol
import Testing

@testable import TUI

/// The real loop on a terminal in memory. Serialised: the signal handlers belong to the process.
@Suite(.serialized)
struct LoopTests {
  private func run(
    _ terminal: MemoryTerminal, _ messageQueue: MessageQueue, _ model: Model,
    perform: @escaping (WorldEffect) -> Void = { _ in }
  ) throws -> (LeaveReason, Model) {
    let signals = try TerminalSignals()
    var loop = Loop(
      model: model, display: .screen(terminal), messageQueue: messageQueue,
      openDisplay: { _ in .screen(terminal) }, perform: perform)
    let reason = loop.run(signals: signals)
    return (reason, loop.model)
  }

  private func isReadable(_ descriptor: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) == 1
  }

  @Test func `typed keys are handled, and the last ones leave`() throws {
    let terminal = try MemoryTerminal(Size(columns: 80, rows: 24))
    let story = try Scenes.midway()
    try terminal.type(
      .character("3"), .control("l"), .control("z"), .character("q"), .character("d"))
    let (reason, model) = try run(terminal, try MessageQueue(), story.model(80, 24))
    #expect(reason == .detach)
    #expect(model.focus == .log)
    #expect(terminal.suspensions == 1)
  }

  @Test func `messages sent before and during the loop arrive in order`() throws {
    let story = try Scenes.midway()
    let terminal = try MemoryTerminal(Size(columns: 80, rows: 24))
    let messageQueue = try MessageQueue()
    for event in story.events { messageQueue.send(.events([event])) }
    messageQueue.send(.closed)
    var followed: [LogSubscription] = []
    let empty = Model(
      run: RunState(workflow: story.workflow), theme: Theme(),
      size: Size(columns: 80, rows: 24), now: story.time)
    try terminal.type(.character("q"))
    let (reason, model) = try run(terminal, messageQueue, empty) { effect in
      if case .followLogs(let subscription) = effect { followed.append(subscription) }
    }
    #expect(reason == .closed)
    #expect(model.run.eventCount == story.events.count)
    #expect(followed.last == model.log.attempt.map { .attempts([$0]) })
  }

  @Test func `a pager gets terminal and text, and an editor returns text`() throws {
    let terminal = try MemoryTerminal(Size(columns: 80, rows: 24))
    try terminal.type(.character("q"), .character("d"))
    var model = try Scenes.midway().model(80, 24)
    let text = ProgramText(program: .editor, name: "a.log", text: "one")
    let signals = try TerminalSignals()
    var loop = Loop(
      model: model, display: .screen(terminal), messageQueue: try MessageQueue(),
      openDisplay: { _ in .screen(terminal) },
      userProgram: { input, _ in .failed("no editor for \(input.text)") },
      kind: TerminalKind { ["TERM": "xterm"][$0] }, perform: { _ in })
    loop.carryOut([.runProgram(text), .copy("text"), .bell, .notify("done")])
    #expect(terminal.loans == 1 && terminal.bells == 1)
    #expect(loop.model.status == "no editor for one")
    #expect(terminal.sent.first == "\u{1B}]52;c;dGV4dA==\u{7}")
    #expect(loop.run(signals: signals) == .detach)
    model = loop.model
    #expect(model.size == terminal.size)
  }

  @Test func `a lost terminal ends the loop`() throws {
    let terminal = try MemoryTerminal(Size(columns: 80, rows: 24))
    terminal.inputEnded = true
    try terminal.type(.down)
    let (reason, _) = try run(terminal, try MessageQueue(), try Scenes.midway().model(80, 24))
    #expect(reason == .hangUp)
  }

  @Test func `effects are passed to the program`() throws {
    let terminal = try MemoryTerminal(Size(columns: 80, rows: 24))
    var asked: [WorldEffect] = []
    try terminal.type(.character("R"), .character("q"), .character("s"), .character("y"))
    let (reason, _) = try run(terminal, try MessageQueue(), try Scenes.midway().model(80, 24)) {
      asked.append($0)
    }
    #expect(reason == .stop)
    #expect(asked.suffix(2) == [.control(.retryAllFailed), .control(.stop)])
  }

  @Test func `a message queue accepts messages from many threads, none is lost`() async throws {
    let messageQueue = try MessageQueue()
    await withTaskGroup(of: Void.self) { group in
      for sender in 0..<8 {
        group.addTask {
          for number in 0..<200 { messageQueue.send(.notice("\(sender) \(number)")) }
        }
      }
    }
    #expect(isReadable(messageQueue.descriptor))
    #expect(messageQueue.drain().count == 1600)
    #expect(messageQueue.drain().isEmpty)
    #expect(!isReadable(messageQueue.descriptor))
  }

  @Test func `P switches between screen and lines`() throws {
    let screen = try MemoryTerminal(Size(columns: 80, rows: 24))
    let lines = try MemoryLines()
    try screen.type(.character("P"))
    try lines.type(.character("P"))
    var opened: [Bool] = []
    let signals = try TerminalSignals()
    var loop = Loop(
      model: try Scenes.midway().model(80, 24), display: .screen(screen),
      messageQueue: try MessageQueue(),
      openDisplay: { plain in
        opened.append(plain)
        if plain { return .lines(lines) }
        try? screen.type(.character("q"), .character("d"))
        return .screen(screen)
      }, perform: { _ in })
    #expect(loop.run(signals: signals) == .detach)
    #expect(opened == [true, false])
    #expect(lines.printed.contains("mosaic k7f2 running"))
    #expect(lines.printed.contains("mProject:2"))
    #expect(!loop.model.isPlain && !lines.isOpen)
  }

  @Test func `if no screen can be opened, lines remain, with the reason`() throws {
    let lines = try MemoryLines()
    try lines.type(.character("P"), .character("q"), .character("d"))
    var model = try Scenes.midway().model(80, 24)
    model.setPlain(true, colors: .none)
    let signals = try TerminalSignals()
    var loop = Loop(
      model: model, display: .lines(lines), messageQueue: try MessageQueue(),
      openDisplay: { plain throws(TerminalError) in
        if plain { return .lines(lines) }
        throw TerminalError(code: .tooDumb, name: "dumb")
      }, perform: { _ in })
    #expect(loop.run(signals: signals) == .detach)
    #expect(loop.model.isPlain)
  }

  @Test func `lines without a user end with the run`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    while let next = try? story.startNext() { story.finish(next) }
    let lines = try MemoryLines(hasKeys: false)
    let messageQueue = try MessageQueue()
    messageQueue.send(.events(story.events))
    var model = Model(
      run: RunState(workflow: story.workflow), theme: Theme(), size: Size(columns: 80, rows: 24),
      now: story.time)
    model.setPlain(true, colors: .none)
    let signals = try TerminalSignals()
    var loop = Loop(
      model: model, display: .lines(lines), messageQueue: messageQueue,
      openDisplay: { _ in .lines(lines) },
      perform: { _ in })
    #expect(loop.run(signals: signals) == .detach)
    #expect(lines.printed.contains("chain k7f2 succeeded"))
  }
}
