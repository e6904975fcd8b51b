import Engine
import JobProtocol
import Testing

@testable import TUI

/// A paste never acts, in any pane.
@Suite struct PasteTests {
  private func model(_ columns: Int = 120, _ rows: Int = 32) throws -> Model {
    try TriageScene.model(columns, rows)
  }

  private func paste(_ text: String, _ model: inout Model) -> [Effect] {
    model.update(.input(.paste(text))).filter { effect in
      // Viewing is allowed.
      switch effect {
      case .world(.followLogs), .world(.readOutputFiles), .world(.tailLogs),
        .world(.watchWorkers), .world(.listRuns), .world(.inspectFiles):
        false
      default: true
      }
    }
  }

  @Test(arguments: Pane.built)
  func `outside of a field a paste does nothing and a message says so`(pane: Pane) throws {
    for text in ["Xy", "The next job is ready", ":stop ", "q", "s", "rRxXCHU!p+-"] {
      var model = try model()
      model.choose(pane)
      _ = model.update(.clock(model.now))
      let before = (model.target, model.focus, model.layout)
      #expect(paste(text, &model).isEmpty)
      #expect(model.status == "paste ignored: open a text field first (: or /)")
      #expect(model.prompt == nil && model.overlay == nil)
      #expect(before == (model.target, model.focus, model.layout))
    }
  }

  @Test(arguments: [
    Key.character(":"), .character("/"),
  ])
  func `in a prompt a paste is inserted and never submitted`(key: Key) throws {
    var model = try model()
    model.press(key)
    model.type("ab")
    model.press(.left)
    #expect(paste("stop now ", &model).isEmpty)
    #expect(model.prompt?.field.text == "astop now b")
    #expect(model.prompt?.field.cursor == 10)
  }

  @Test func `text pasted into a filter filters at once`() throws {
    var model = try model()
    model.press(.character("/"))
    _ = paste("state:failed", &model)
    #expect(model.tasks.filterText == "state:failed")
  }

  @Test func `a field accepts what fits and says so`() throws {
    var model = try model()
    model.press(.character(":"))
    _ = paste(String(repeating: "x", count: 1000), &model)
    #expect(model.prompt?.field.text.count == TextField.limit)
    #expect(model.prompt?.note == "a field holds 500 characters")
    _ = paste(String(repeating: "\u{301}", count: 100_000), &model)
    #expect(model.prompt?.field.text.unicodeScalars.count ?? 0 <= 5 * TextField.limit)
  }

  @Test(arguments: [Question.leave, .stop, .drain(worker: "node-a/1")])
  func `a paste does not answer a question`(question: Question) throws {
    var model = try model()
    model.overlay = .question(question)
    for text in ["y", "s", "d", "q", "yes"] {
      #expect(paste(text, &model).isEmpty)
      #expect(model.overlay == .question(question))
      #expect(model.draw().text.contains("paste ignored"))
    }
  }

  @Test func `a paste does not close the help, and a message says so`() throws {
    var model = try model()
    model.press(.character("?"))
    #expect(paste("q", &model).isEmpty)
    #expect(model.overlay == .help)
    #expect(model.draw().lines.last?.contains("paste ignored") == true)
  }

  @Test func `a form inserts a paste into the current field`() throws {
    var model = try model()
    try model.select("mProject:2")
    model.press(.character("e"))
    guard case .edit(let before)? = model.overlay else { throw Story.NotThere() }
    #expect(paste(" --more words ", &model).isEmpty)
    guard case .edit(let form)? = model.overlay else { throw Story.NotThere() }
    #expect(form.command.text == before.command.text + " --more words ")
  }

  @Test(arguments: [(60, 16), (80, 24), (40, 8)])
  func `the message about a paste is on every screen`(columns: Int, rows: Int) throws {
    var model = try model(columns, rows)
    _ = paste("Xy", &model)
    #expect(model.draw().lines.last?.contains("paste ignored") == true)
  }

  @Test func `text-only mode shows the message in its last row`() throws {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, 80, 24)
    model.press(.character("3"), .character("c"))
    #expect(model.log.isTextOnly)
    _ = paste("q", &model)
    #expect(model.log.isTextOnly)
    #expect(model.draw().lines.last?.contains("paste ignored") == true)
  }
}
