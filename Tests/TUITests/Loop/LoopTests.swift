import Engine
import Glibc
import JobProtocol
import Testing

@testable import TUI

/// The real loop on a terminal in memory. Serialised: the signal handlers belong to the process.
@Suite(.serialized)
struct LoopTests {
  private func run(
    _ terminal: MemoryTerminal, _ mailbox: Mailbox, _ model: Model,
    perform: @escaping (WorldEffect) -> Void = { _ in }
  ) throws -> (LeaveReason, Model) {
    let signals = try TerminalSignals()
    var loop = Loop(model: model, terminal: terminal, mailbox: mailbox, perform: perform)
    let reason = loop.run(signals: signals)
    return (reason, loop.model)
  }

  private func isReadable(_ descriptor: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) == 1
  }

  @Test func `keys typed are answered and the last ones leave`() throws {
    let terminal = try MemoryTerminal(Size(columns: 80, rows: 24))
    let story = try Scenes.midway()
    try terminal.type(
      .character("3"), .control("l"), .control("z"), .character("q"), .character("d"))
    let (reason, model) = try run(terminal, try Mailbox(), story.model(80, 24))
    #expect(reason == .detach)
    #expect(model.focus == .log)
    #expect(terminal.suspensions == 1)
  }

  @Test func `messages sent before and during the loop arrive in order`() throws {
    let story = try Scenes.midway()
    let terminal = try MemoryTerminal(Size(columns: 80, rows: 24))
    let mailbox = try Mailbox()
    for event in story.events { mailbox.send(.events([event])) }
    mailbox.send(.closed)
    var followed: [LogWish] = []
    let empty = Model(
      run: RunState(workflow: story.workflow), theme: Theme(),
      size: Size(columns: 80, rows: 24), now: story.time)
    try terminal.type(.character("q"))
    let (reason, model) = try run(terminal, mailbox, empty) { effect in
      if case .followLogs(let wish) = effect { followed.append(wish) }
    }
    #expect(reason == .closed)
    #expect(model.run.eventCount == story.events.count)
    #expect(followed.last == model.log.attempt.map { .attempts([$0]) })
  }

  @Test func `a pager gets the terminal and the text, and an editor gives it back`() throws {
    let terminal = try MemoryTerminal(Size(columns: 80, rows: 24))
    try terminal.type(.character("q"), .character("d"))
    var model = try Scenes.midway().model(80, 24)
    let text = LentText(program: .editor, name: "a.log", text: "one")
    let signals = try TerminalSignals()
    var loop = Loop(
      model: model, terminal: terminal, mailbox: try Mailbox(),
      runPersonal: { .failed("no editor for \($0.text)") }, perform: { _ in })
    loop.carryOut([.lend(text), .copy("text"), .bell, .notify("done")])
    #expect(terminal.loans == 1 && terminal.bells == 1)
    #expect(loop.model.status == "no editor for one")
    #expect(terminal.sent.first == "\u{1B}]52;c;dGV4dA==\u{7}")
    #expect(loop.run(signals: signals) == .detach)
    model = loop.model
    #expect(model.size == terminal.size)
  }

  @Test func `a terminal that is gone ends the loop`() throws {
    let terminal = try MemoryTerminal(Size(columns: 80, rows: 24))
    terminal.inputEnded = true
    try terminal.type(.down)
    let (reason, _) = try run(terminal, try Mailbox(), try Scenes.midway().model(80, 24))
    #expect(reason == .hangUp)
  }

  @Test func `what is asked of the world goes out`() throws {
    let terminal = try MemoryTerminal(Size(columns: 80, rows: 24))
    var asked: [WorldEffect] = []
    try terminal.type(.character("R"), .character("q"), .character("s"))
    let (reason, _) = try run(terminal, try Mailbox(), try Scenes.midway().model(80, 24)) {
      asked.append($0)
    }
    #expect(reason == .stop)
    #expect(asked.suffix(2) == [.control(.retryAllFailed), .control(.stop)])
  }

  @Test func `a mailbox takes messages from many threads and loses none`() async throws {
    let mailbox = try Mailbox()
    await withTaskGroup(of: Void.self) { group in
      for sender in 0..<8 {
        group.addTask {
          for number in 0..<200 { mailbox.send(.notice("\(sender) \(number)")) }
        }
      }
    }
    #expect(isReadable(mailbox.descriptor))
    #expect(mailbox.drain().count == 1600)
    #expect(mailbox.drain().isEmpty)
    #expect(!isReadable(mailbox.descriptor))
  }
}
