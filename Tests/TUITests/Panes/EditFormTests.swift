import Engine
import JobProtocol
import Testing

@testable import TUI

/// Edit and retry: the form, what it sends, the editor's text.
@Suite struct EditFormTests {
  private func model(_ label: String = "mProject:7") throws -> Model {
    var model = try TriageScene.model(120, 36)
    try model.select(label)
    return model
  }

  private func edits(_ effects: [Effect]) -> [(TaskReference, JobEdit, RetryScope)] {
    effects.compactMap {
      if case .world(.control(.edit(let task, let edit, let scope))) = $0 {
        (task, edit, scope)
      } else {
        nil
      }
    }
  }

  private func form(_ model: Model) throws -> EditForm {
    guard case .edit(let form) = model.overlay else { throw Story.NotThere() }
    return form
  }

  @Test(arguments: [8, 20, 46])
  func `the cursor of a long text is visible, and cuts are marked`(width: Int) {
    let text = "sh -c 'echo 日本 one two three four five six seven eight nine'"
    var field = TextField(text)
    for _ in 0...text.count {
      let line = FieldText.line(field, width: width, isFocused: true, theme: Theme())
      #expect(line.width <= width)
      let cursor = line.runs.first { $0.style.attributes.contains(.underline) }
      #expect(cursor?.text == (field.cursor < text.count ? String(Array(text)[field.cursor]) : "_"))
      let before = line.text.prefix { $0 != "…" }
      #expect(line.text.hasPrefix("…") || text.hasPrefix(before.prefix(field.cursor)))
      _ = field.handle(.left)
    }
  }

  @Test(arguments: [12, 30, 67], [1, 2, 4])
  func `the cursor of a text in several rows is visible`(width: Int, rows: Int) {
    let text = "sh -c 'echo 日本 one two three four five six; seven eight nine ten eleven'"
    var field = TextField(text)
    for _ in 0...text.count {
      let lines = FieldText.lines(
        field, width: width, rows: rows, isFocused: true, theme: Theme())
      #expect(lines.count <= rows)
      #expect(lines.allSatisfy { $0.width <= width })
      let cursor = lines.flatMap(\.runs).filter { $0.style.attributes.contains(.underline) }
      #expect(
        cursor.map(\.text) == [field.cursor < text.count ? String(Array(text)[field.cursor]) : "_"])
      _ = field.handle(.left)
    }
    // If everything fits, nothing is left out.
    let all = FieldText.lines(
      field, width: 67, rows: 4, isFocused: false, theme: Theme())
    #expect(all.map(\.text).joined() == text)
  }

  @Test func `everything that runs again is named on narrow screens, too`() throws {
    var model = try TriageScene.model(60, 24)
    try model.select("mProject:7")
    model.press(.character("e"))
    let screen = model.draw()
    let then = screen.lines.drop { !$0.contains("then runs:") }.joined()
    for name in ["mDiffFit", "mConcatFit", "mBackground", "mAdd"] {
      #expect(then.contains(name), "\(name)")
    }
  }

  @Test func `only changes are sent`() throws {
    var model = try model()
    model.press(.character("e"))
    model.type(" 'a b'")
    let sent = edits(model.press(.enter))
    #expect(sent.count == 1)
    #expect(sent[0].0 == TaskReference(process: 7, firing: 1))
    #expect(sent[0].1 == JobEdit(arguments: ["-v", "in.fits", "a b"]))
    #expect(sent[0].2 == .alone)
    #expect(model.overlay == nil)
    #expect(model.status == "retrying mProject:7, edited")
  }

  @Test func `all fields are sent together`() throws {
    var model = try model()
    model.press(.character("e"), .home)
    model.type("/opt/")
    model.press(.down, .control("u"))
    model.type("1.5 m")
    model.press(.down)
    model.type("A=1")
    model.press(.down)
    model.type("B=x y=z")
    let sent = try #require(edits(model.press(.enter)).first)
    #expect(
      sent.1
        == JobEdit(
          executable: "/opt/mProject", environment: ["A": "1", "B": "x y=z"], timeout: 90))
  }

  @Test func `without changes the retry has an empty edit`() throws {
    var model = try model()
    let sent = try #require(edits(model.press(.character("e"), .enter)).first)
    #expect(sent.1.isEmpty)
    #expect(model.status == "retrying mProject:7, unchanged")
  }

  @Test(arguments: [40, 78, 118], [50, 200, 900])
  func `the difference of long commands is visible`(width: Int, length: Int) {
    let old = String(repeating: "word ", count: length / 5) + "--threads 4"
    let lines = EditChanges.pair(old, old + "8", Theme(), width: width)
    #expect(lines.allSatisfy { $0.width <= width })
    #expect(lines.count <= 6)
    let half = lines.count / 2
    #expect(lines[half - 1].text.hasSuffix("4"))
    #expect(lines[lines.count - 1].text.hasSuffix("48"))
  }

  @Test func `held tasks among those that run again are named`() throws {
    var story = try TriageScene.story()
    story.tell(.holdProcess(try story.firing("mAdd:1").process))
    var model = story.model(120, 36)
    try model.select("mProject:7")
    model.press(.character("e"))
    #expect(model.draw().text.contains("mBackground × 8, mAdd (held)"))
  }

  @Test(arguments: [
    ("'open", "command: unclosed quote"), ("", "command: empty; Esc cancels"),
  ])
  func `an invalid command is reported and not sent`(command: String, mistake: String) throws {
    var model = try model()
    model.press(.character("e"), .control("u"))
    model.type(command)
    #expect(model.press(.enter).isEmpty)
    #expect(try form(model).mistake?.hasPrefix(mistake) == true)
    #expect(model.draw().text.contains(mistake))
    model.press(.escape)
    #expect(model.overlay == nil)
  }

  @Test(arguments: [
    ("90", 90.0), ("90s", 90), ("1.5 m", 90), ("2 h", 7200), ("2 min", 120), ("none", 0), ("", 0),
    ("0", 0),
  ])
  func `time limits are parsed`(text: String, seconds: Double) throws {
    #expect(try CommandText.timeout(text) == seconds)
  }

  @Test(arguments: ["soon", "-1", "1e99", "nan", "inf", "5 d"])
  func `invalid time limits are refused`(text: String) {
    #expect(throws: CommandText.Mistake.self) { try CommandText.timeout(text) }
  }

  @Test(arguments: ["X", "=1", "1A=2", "A-B=1", "A B=1 "])
  func `variables need names`(text: String) throws {
    if text == "A B=1 " {
      #expect(try CommandText.variable(text)?.name == "AB")
    } else {
      #expect(throws: CommandText.Mistake.self) { try CommandText.variable(text) }
    }
  }

  @Test func `a repeated variable is refused`() throws {
    var model = try model()
    model.press(.character("e"), .tab, .tab)
    model.type("A=1")
    model.press(.tab)
    model.type("A=2")
    #expect(model.press(.enter).isEmpty)
    #expect(try form(model).mistake == "environment: A is set twice")
  }

  @Test func `the form starts with earlier edits`() throws {
    var story = try TriageScene.story()
    let task = try story.firing("mProject:7")
    let before = JobEdit(arguments: ["-x"], environment: ["A": "1"], timeout: 5)
    story.tell(.retry(task, before, .alone))
    story.finish(try #require(story.ready.last), .failed(.exit(1)))
    var model = story.model(120, 36)
    model.choose(task)
    model.press(.character("e"))
    #expect(try form(model).command.text == "mProject -x")
    #expect(try form(model).timeout.text == "5 s")
    #expect(try form(model).variables.map(\.text) == ["A=1", ""])
    #expect(edits(model.press(.enter)).first?.1 == before)
  }

  @Test func `if a process has other tasks, waiting counts are upper limits`() throws {
    let fires = """
      {"name":"w","processes":[
        {"name":"clean","function":"command","firingLimit":3,"ins":["a"],"outs":["b"],
         "config":{"executor":{"executable":"clean","args":[]}}},
        {"name":"fit","function":"command","firingLimit":3,"ins":["b"],"outs":["c"],
         "config":{"executor":{"executable":"fit","args":[]}}}],
       "signals":[{"name":"a","data":[{},{},{}]},{"name":"b"},{"name":"c"}],
       "ins":[],"outs":["c"]}
      """
    var story = try Story(fires)
    story.begin()
    story.finish(try story.startNext(), .failed(.exit(1)))
    var model = story.model(120, 36)
    try model.select("clean:1")
    model.press(.character("e"))
    let form = model.draw().lines.filter { $0.contains("then runs") }
    #expect(form.first?.contains("then runs, at most: fit × 3") == true, "\(form)")
    model.press(.escape, .character("F"))
    let preview = FailuresView.preview(model, columns: 100).map(\.text)
    #expect(preview.contains("at most 3 wait for them: fit × 3"), "\(preview)")
  }

  @Test func `no time limit and no variable are empty fields with a note`() throws {
    var model = try TriageScene.model(120, 36)
    try model.select("mProject:2")
    model.press(.character("e"))
    #expect(try form(model).timeout.text.isEmpty)
    #expect(try form(model).result() == [JobEdit()])
    let shown = model.draw().lines.first { $0.contains("timeout") } ?? ""
    #expect(shown.contains("none"))
    model.press(.tab)
    model.type("90")
    #expect(try form(model).result() == [JobEdit(timeout: 90)])
    #expect(model.draw().lines.first { $0.contains("timeout") }?.contains("none") == false)
  }

  @Test func `unchanged values of a group stay as they are in each task`() throws {
    var model = try TriageScene.model(120, 36)
    model.press(.character("F"), .character("e"))
    #expect(try !form(model).hasOneCommand)
    #expect(try form(model).focusedField == .append)
    model.press(.tab, .control("u"))
    model.type("60")
    let sent = edits(model.press(.enter))
    #expect(sent.map(\.0.process) == [2, 5, 9])
    #expect(sent.allSatisfy { $0.1 == JobEdit(timeout: 60) })
  }

  @Test func `arguments are appended to each command of a group`() throws {
    var story = try TriageScene.story()
    let edit = JobEdit(arguments: ["-q", "x"])
    story.tell(.retry(try story.firing("mProject:2"), edit, .alone))
    story.finish(try #require(story.ready.last), .failed(.exit(1)))
    var model = story.model(120, 36)
    model.type("/state:failed stage:mProject cause:exit")
    model.press(.enter, .character("a"), .character("e"))
    #expect(try form(model).command.text == "mProject")
    model.type("-e 'a b'")
    #expect(model.draw().text.contains("and in all 2"))
    let sent = edits(model.press(.enter)).map(\.1)
    #expect(
      Set(sent.map { $0.arguments ?? [] })
        == [["-q", "x", "-e", "a b"], ["-v", "in.fits", "-e", "a b"]])
    #expect(sent.allSatisfy { $0.executable == nil })
  }

  @Test func `downstream tasks that have run can run again`() throws {
    var model = try model("mProject:1")
    model.press(.character("e"))
    #expect(try form(model).fields.last == .scope)
    model.press(.up)
    #expect(model.draw().text.contains("only this task"))
    model.press(.character(" "))
    #expect(model.draw().text.contains("this and 1 task downstream"))
    #expect(model.draw().text.contains("runs again: mDiffFit"))
    #expect(edits(model.press(.enter)).first?.2 == .downstream)
  }

  @Test func `the editor gets the whole text and returns it`() throws {
    var model = try model()
    let effects = model.press(.character("e"), .control("e"))
    guard case .runProgram(let text)? = effects.first else { throw Story.NotThere() }
    #expect(text.program == .editor)
    #expect(text.text.contains("\ncommand mProject -v in.fits\ntimeout none\n"))
    let back = "# x\ncommand other -a\n\ntimeout 7 s\nenv A=1\nenv B=2\n"
    _ = model.update(.programEnded(text, .ended(back)))
    let sent = try #require(edits(model.press(.enter)).first)
    #expect(
      sent.1
        == JobEdit(
          executable: "other", arguments: ["-a"], environment: ["A": "1", "B": "2"], timeout: 7))
  }

  @Test func `an invalid line from the editor is named and nothing changes`() throws {
    var model = try model()
    let effects = model.press(.character("e"), .control("e"))
    guard case .runProgram(let text)? = effects.first else { throw Story.NotThere() }
    _ = model.update(.programEnded(text, .ended("command x\nmemory 3 GB\n")))
    #expect(try form(model).command.text == "mProject -v in.fits")
    #expect(try form(model).mistake?.hasPrefix("line 2 must begin with") == true)
    _ = model.update(.programEnded(text, .failed("vi cannot be found")))
    #expect(model.status == "vi cannot be found")
    #expect(try form(model).command.text == "mProject -v in.fits")
  }

  @Test func `running and waiting tasks cannot be edited`() throws {
    var model = try model("mAdd:1")
    #expect(model.press(.character("e")).isEmpty)
    #expect(model.overlay == nil)
    #expect(model.status?.hasPrefix("mAdd:1 is waiting: only ended or scheduled tasks") == true)
  }
}
