import Engine
import JobProtocol
import Testing

@testable import TUI

/// How users are notified of the end of a run.
struct EndTests {
  private func model(_ story: Story, _ settings: [(String, PreferenceValue)] = []) throws -> Model {
    var model = Model(
      run: RunState(workflow: story.workflow), theme: Theme(), size: Size(columns: 80, rows: 24),
      now: story.time)
    var preferences = Preferences()
    for (name, value) in settings { try preferences.set([name], to: value) }
    model.adopt(preferences)
    return model
  }

  private func notifications(_ effects: [Effect]) -> [Effect] {
    effects.filter { effect in
      switch effect {
      case .bell, .notify, .world(.finished): true
      default: false
      }
    }
  }

  /// A chain whose last job fails.
  private func story() throws -> Story {
    var story = try Story(Workflows.chain)
    story.begin()
    for _ in 0..<2 { story.finish(try story.startNext()) }
    story.finish(try story.startNext(), .failed(.exit(2)))
    return story
  }

  @Test func `the end rings, notifies and runs the command, once`() throws {
    let story = try story()
    var model = try model(story, [("on-finish", .text("make next"))])
    let effects = notifications(model.update(.world([.events(story.events)])))
    #expect(
      effects == [
        .bell, .notify("chain k7f2 failed after 0:00:01: 2 succeeded, 1 failed"),
        .world(.finished(.failed, story.state.info, command: "make next")),
      ])
    #expect(notifications(model.update(.world([.closed]))).isEmpty)
    #expect(notifications(model.update(.clock(story.time + 5000))).isEmpty)
  }

  @Test func `disabled notifications are not sent`() throws {
    let story = try story()
    var model = try model(story, [("bell", .flag(false)), ("notify", .flag(false))])
    #expect(notifications(model.update(.world([.events(story.events)]))).isEmpty)
  }

  @Test func `the end after a retry is reported again`() throws {
    var story = try story()
    var model = try model(story)
    _ = model.update(.world([.events(story.events)]))
    let known = story.events.count
    for firing in story.machine.failedFirings { story.tell(.retry(firing, nil, .alone)) }
    let retried = story.events.count
    story.finish(try story.startNext())
    #expect(
      notifications(model.update(.world([.events(Array(story.events[known..<retried]))]))).isEmpty)
    let effects = notifications(model.update(.world([.events(Array(story.events[retried...]))])))
    #expect(effects.first == .bell && effects.count == 2)
  }

  @Test func `a run that ended long ago is not reported`() throws {
    var story = try story()
    story.wait(milliseconds: 60_000)
    var model = try model(story)
    #expect(notifications(model.update(.world([.events(story.events), .closed]))).isEmpty)
  }
}

struct TerminalMessageTests {
  private let plain = TerminalKind { ["TERM": "xterm-256color"][$0] }

  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("größe", "Z3LDtsOfZQ=="),
  ])
  func `text is encoded in base 64`(text: String, encoded: String) {
    #expect(TerminalMessage.base64(Array(text.utf8)) == encoded)
  }

  @Test func `text too long for the clipboard is not sent`() {
    #expect(TerminalMessage.clipboard("foo", terminal: plain) == "\u{1B}]52;c;Zm9v\u{7}")
    let long = String(repeating: "x", count: 60_000)
    #expect(TerminalMessage.clipboard(long, terminal: plain) == nil)
  }

  @Test func `a notification cannot end its own sequence`() {
    let text = TerminalMessage.notification("a\u{1B}]0;b\u{7}c;d", terminal: plain)
    #expect(text == "\u{1B}]9;a\\u{1B}]0,b\\u{07}c,d\u{7}")
    let rxvt = TerminalKind { ["TERM": "rxvt-unicode"][$0] }
    #expect(
      TerminalMessage.notification("done", terminal: rxvt)
        == "\u{1B}]777;notify;hflow-tui;done\u{7}")
  }

  @Test func `multiplexers get a wrapped sequence, old consoles nothing`() {
    let tmux = TerminalKind { ["TERM": "tmux-256color", "TMUX": "/tmp/x"][$0] }
    #expect(
      TerminalMessage.notification("x", terminal: tmux)
        == "\u{1B}Ptmux;\u{1B}\u{1B}]9;x\u{7}\u{1B}\\")
    #expect(TerminalMessage.clipboard("x", terminal: tmux) == "\u{1B}]52;c;eA==\u{7}")
    let screen = TerminalKind { ["TERM": "screen", "STY": "1"][$0] }
    #expect(
      TerminalMessage.notification("x", terminal: screen) == "\u{1B}P\u{1B}]9;x\u{7}\u{1B}\\")
    for name in ["linux", "vt100", "dumb"] {
      let old = TerminalKind { ["TERM": name][$0] }
      #expect(TerminalMessage.notification("x", terminal: old).isEmpty)
    }
  }
}
