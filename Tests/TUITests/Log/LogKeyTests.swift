import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

/// What the keys of the log do to a model.
struct LogKeyTests {
  /// A failed task of two attempts is selected and its log has the focus.
  private func model(_ columns: Int = 120, _ rows: Int = 36, lines: Int = 100) throws -> Model {
    var story = try Scenes.midway()
    var model = try Scenes.model(&story, columns, rows)
    #expect(model.log.attempt?.number == 2)
    _ = press(&model, .character("3"))
    model.log.returnToPreviousTarget()
    let attempt = try #require(model.log.attempt)
    let text = (0..<lines).map { "line \($0)\n" }.joined()
    give(&model, attempt, [Scenes.chunk(1, .standardOutput, text)])
    return model
  }

  private func give(_ model: inout Model, _ attempt: AttemptID, _ chunks: [LogChunk]) {
    _ = model.update(.world([.log(LogUpdate(attempt: attempt, chunks: chunks))]))
    while model.hasWork { _ = model.update(.world([])) }
  }

  private func press(_ model: inout Model, _ keys: Key...) -> [Effect] {
    keys.flatMap { key in
      let effects = model.update(.input(.key(key)))
      while model.hasWork { _ = model.update(.world([])) }
      return effects
    }
  }

  private func type(_ model: inout Model, _ text: String) {
    for character in text { _ = press(&model, .character(character)) }
  }

  private func shown(_ model: Model) -> [String] {
    LogRows.lines(model).map(\.text).map { String($0.drop { $0 != "l" && $0 != "─" }) }
  }

  @Test func `moving up pauses, G follows, F shows the failures as everywhere`() throws {
    var model = try model()
    _ = press(&model, .up)
    #expect(!model.log.isFollowing)
    _ = press(&model, .character("G"))
    #expect(model.log.isFollowing)
    _ = press(&model, .character("g"))
    #expect(shown(model).first == "line 0")
  }

  @Test func `the wheel moves three rows`() throws {
    var model = try model()
    let area = model.logArea
    let before = shown(model)
    _ = model.update(.input(.wheel(Point(column: area.column, row: area.row), rows: -3)))
    #expect(shown(model).first == "line \((Int(before[0].dropFirst(5)) ?? 0) - 3)")
  }

  @Test func `a search moves while it is typed, Enter keeps and Esc undoes it`() throws {
    var model = try model()
    let before = shown(model)
    _ = press(&model, .character("/"))
    #expect(model.prompt?.purpose == .searchLog)
    type(&model, "line 1")
    #expect(model.log.viewport.current == 19)
    type(&model, "3")
    #expect(model.log.viewport.current == 13)
    _ = press(&model, .escape)
    #expect(model.log.settings.search == nil && shown(model) == before && model.log.isFollowing)
    _ = press(&model, .character("/"))
    type(&model, "line 1")
    _ = press(&model, .enter, .character("N"))
    #expect(model.log.viewport.current == 18)
    _ = press(&model, .character("n"), .character("n"))
    #expect(model.log.viewport.current == 1)
    #expect(model.status == "continued from the beginning")
  }

  @Test func `an empty search repeats the last one`() throws {
    var model = try model()
    _ = press(&model, .character("/"))
    type(&model, "50")
    _ = press(&model, .enter, .character("/"), .enter)
    #expect(model.log.settings.search?.text == "50")
  }

  @Test func `a filter shows matching lines, and Esc shows all`() throws {
    var model = try model()
    _ = press(&model, .character("&"))
    type(&model, "9")
    #expect(model.log.viewport.count == 19)
    _ = press(&model, .enter)
    #expect(shown(model).contains("line 9") == false || shown(model).count < 30)
    _ = press(&model, .escape)
    #expect(model.log.viewport.lines == nil)
    _ = press(&model, .character("&"))
    type(&model, "9")
    _ = press(&model, .escape)
    #expect(model.log.settings.filter == nil)
  }

  @Test func `Esc undoes one thing after the other`() throws {
    var model = try model()
    _ = press(&model, .character("&"))
    type(&model, "l")
    _ = press(&model, .enter, .character("/"))
    type(&model, "9")
    _ = press(&model, .enter, .character("m"))
    #expect(model.log.target == .stage(0))
    _ = press(&model, .escape)
    #expect(model.log.settings.search == nil && model.log.settings.filter != nil)
    _ = press(&model, .escape)
    #expect(model.log.settings.filter == nil && model.log.target == .stage(0))
    _ = press(&model, .escape)
    #expect(model.log.target.attempt?.number == 2)
  }

  @Test func `brackets select the attempts`() throws {
    var model = try model()
    let effects = press(&model, .character("["))
    let one = try #require(model.log.attempt)
    #expect(one.number == 1)
    #expect(
      effects == [.world(.followLogs(.attempts([one]))), .world(.readOutputFiles(of: one))])
    #expect(LogPane.notes(model).contains("attempt 1 of 2"))
    _ = press(&model, .character("["))
    #expect(model.status == "this is the first attempt")
    _ = press(&model, .character("]"))
    #expect(model.log.attempt?.number == 2)
    _ = press(&model, .character("]"))
    #expect(model.status == "this is the last attempt")
  }

  @Test func `a selected attempt is forgotten with its task`() throws {
    var model = try model()
    _ = press(&model, .character("["), .character("2"), .down, .up)
    #expect(model.log.attempt?.number == 1)
    _ = press(&model, .character("3"), .escape)
    #expect(model.log.attempt?.number == 2)
  }

  @Test func `two attempts are shown side by side`() throws {
    var model = try model()
    let effects = press(&model, .character("b"))
    let two = try #require(model.log.attempt)
    let one = AttemptID(two.firing, 1)
    #expect(model.log.target == .sideBySide(one, two))
    #expect(
      effects == [
        .world(.followLogs(.attempts([one, two]))), .world(.readOutputFiles(of: one)),
        .world(.readOutputFiles(of: two)),
      ])
    give(&model, one, [Scenes.chunk(1, .standardError, "old\n")])
    give(&model, two, [Scenes.chunk(1, .standardError, "new\n")])
    #expect(LogRows.lines(model, isOther: true).first?.text.hasSuffix("▏ old") == true)
    #expect(LogRows.lines(model).first?.text.hasSuffix("▏ new") == true)
    _ = press(&model, .character("["))
    #expect(model.status == "this is the first attempt")
    _ = press(&model, .character("b"))
    #expect(model.log.target == .attempt(two))
  }

  @Test(arguments: [80, 100, 120, 200])
  func `two attempts have equal widths, and how they ended is not cut`(
    columns: Int
  ) throws {
    var model = try model(columns, 36)
    _ = press(&model, .character("3"), .character("b"))
    let two = try #require(model.log.attempt)
    for attempt in [AttemptID(two.firing, 1), two] {
      give(&model, attempt, [Scenes.chunk(1, .standardError, "words that are said\n")])
    }
    #expect(model.logViewSize() == model.logViewSize(isOther: true))
    #expect(model.logViewSize().columns >= 20)
    let screen = model.draw()
    let heading = try #require(screen.lines.first { $0.contains("attempt 1") })
    #expect(heading.contains("attempt 1  exit 1"))
    #expect(!heading.contains("…"))
    #expect(screen.text.contains("▏ words that are said"))
  }

  @Test func `a complete log that was shown before is not requested again`() throws {
    var model = try model()
    let two = try #require(model.log.attempt)
    give(&model, two, [Scenes.chunk(2, .end, "")])
    _ = press(&model, .character("["))
    let effects = press(&model, .character("]"))
    #expect(effects == [.world(.followLogs(.attempts([])))])
    #expect(model.log.viewport.count == 100)
  }

  @Test func `m merges the stage, then the run`() throws {
    var model = try model()
    guard
      case .world(.followLogs(.processes(let processes, let backlog)))? =
        press(&model, .character("m")).first
    else {
      Issue.record("no subscription")
      return
    }
    #expect(processes?.map(\.number).sorted() == [1, 2, 3, 4])
    #expect(backlog.count == 5)
    let others = (1...2).map { AttemptID(FiringID(ProcessID(number: $0), 1), 1) }
    for (number, attempt) in others.enumerated() {
      give(&model, attempt, [Scenes.chunk(1, .standardOutput, "line of \(number)\n")])
    }
    #expect(LogRows.lines(model).first?.text.contains("mProject:1") == true)
    #expect(LogRows.lines(model).last?.text.contains("mProject:2") == true)
    guard case .world(.followLogs(.processes(nil, _)))? = press(&model, .character("m")).first
    else {
      Issue.record("no subscription")
      return
    }
    _ = press(&model, .character("m"))
    #expect(model.log.target.attempt?.number == 2)
  }

  @Test func `a merged log stays when another task is selected`() throws {
    var model = try model()
    _ = press(&model, .character("m"), .character("m"), .character("2"))
    #expect(press(&model, .down).isEmpty)
    #expect(model.log.target == .run)
  }

  @Test func `streams, times and wrapping cycle`() throws {
    var model = try model()
    let two = try #require(model.log.attempt)
    give(&model, two, [Scenes.chunk(2, .standardError, "line E\n")])
    _ = press(&model, .character("o"))
    #expect(shown(model).prefix(1) == ["line E"])
    _ = press(&model, .character("o"), .character("o"), .character("t"))
    #expect(LogRows.lines(model).first?.text.hasPrefix("+") == true)
    _ = press(&model, .character("t"))
    #expect(LogRows.lines(model).first?.text.hasPrefix("  line") == true)
    _ = press(&model, .character("w"))
    #expect(model.log.settings.wraps)
    _ = press(&model, .character(">"))
    #expect(model.status == "long lines are wrapped: w turns that off")
  }

  @Test func `long lines scroll left and right`() throws {
    var model = try model(lines: 1)
    let two = try #require(model.log.attempt)
    let long = (0..<200).map { "\($0 % 10)" }.joined()
    give(&model, two, [Scenes.chunk(2, .standardOutput, long + "\n")])
    _ = press(&model, .character(">"))
    let step = model.log.settings.shift
    #expect(LogRows.lines(model)[1].text.dropFirst(11).hasPrefix("\(step % 10)"))
    _ = press(&model, .character("<"), .character("<"))
    #expect(model.log.settings.shift == 0)
  }

  @Test func `E goes from error to error, and a complete log stays complete`() throws {
    var model = try model()
    let two = try #require(model.log.attempt)
    let more = "line: cannot open x\n" + String(repeating: "line\n", count: 100)
    give(&model, two, [Scenes.chunk(2, .standardOutput, more)])
    _ = press(&model, .character("E"))
    #expect(model.log.viewport.current == 100 && !model.log.isFollowing)
    #expect(shown(model).contains("line: cannot open x"))
    give(&model, two, [Scenes.chunk(3, .standardOutput, "fatal: no space\n")])
    _ = press(&model, .character("E"))
    #expect(shown(model).contains { $0.contains("no space") } || model.log.viewport.current == 201)
    _ = press(&model, .character("E"))
    #expect(model.log.viewport.current == 100 && model.status == "continued from the beginning")
    let note = LogPane.notes(model).last
    #expect(model.logEnding() == nil ? note == "paused" : note == "complete")
  }

  @Test func `lines are copied, saved and opened without colours`() throws {
    var model = try model(lines: 2)
    let two = try #require(model.log.attempt)
    give(&model, two, [Scenes.chunk(2, .standardError, "\u{1B}[31mred\u{1B}[0m 日本\nto come")])
    let text = "line 0\nline 1\nred 日本\nto come\n"
    #expect(press(&model, .character("y")) == [.copy(text)])
    #expect(press(&model, .character("Y")) == [.copy(text)])
    #expect(model.status == "copied the log: 4 lines")
    _ = press(&model, .character("W"))
    #expect(model.prompt?.field.text == "mProject_2.2.log")
    #expect(
      press(&model, .enter) == [.world(.save(text: text, path: "mProject_2.2.log"))])
    #expect(
      press(&model, .character("v"))
        == [.runProgram(ProgramText(program: .pager, name: "mProject_2.2.log", text: text))])
    #expect(
      press(&model, .character("V"))
        == [.runProgram(ProgramText(program: .editor, name: "mProject_2.2.log", text: text))])
  }

  @Test func `copying the screen copies what is visible`() throws {
    var model = try model()
    _ = press(&model, .character("g"))
    guard case .copy(let text)? = press(&model, .character("y")).first else {
      Issue.record("nothing copied")
      return
    }
    let lines = text.split(separator: "\n")
    #expect(lines.first == "line 0" && lines.count == model.logArea.rows)
  }

  @Test func `text-only mode fills the screen and releases the mouse`() throws {
    var model = try model()
    #expect(press(&model, .character("c")) == [.setMouse(false)])
    let rows = model.draw().lines
    #expect(rows.first == "line 65" && rows[34] == "line 99" && rows.count == 36)
    _ = press(&model, .up)
    #expect(model.draw().lines.first == "line 64")
    #expect(press(&model, .escape) == [.setMouse(true)])
    #expect(model.draw().lines[0].contains("mosaic"))
    _ = press(&model, .character("M"), .character("c"))
    #expect(press(&model, .character("q")) == [.setMouse(false)])
    #expect(model.focus == .log && model.overlay == nil)
  }

  @Test func `rejected lines are read again when the log follows`() throws {
    var model = try model()
    let two = try #require(model.log.attempt)
    model.log.viewport = LogViewport(LogBook(byteLimit: 20_000))
    for sequence in 1...20 {
      let text = String(repeating: "line \(sequence)\n", count: 200)
      give(&model, two, [Scenes.chunk(sequence, .standardOutput, text)])
      if sequence == 2 { _ = press(&model, .character("g")) }
    }
    #expect(model.log.viewport.book.refusedLines > 0)
    #expect(LogFooter.notes(model).contains { $0.text.contains("new lines: G shows them") })
    #expect(
      press(&model, .character("G")) == [
        .world(.followLogs(.attempts([]))), .world(.followLogs(.attempts([two]))),
        .world(.readOutputFiles(of: two)),
      ])
    #expect(model.log.viewport.book.store.isEmpty && model.log.isFollowing)
  }

  @Test(arguments: [
    ("n", "no search yet: / searches"), ("y", "no output"),
    ("E", "no output"), ("W", "no output"),
  ])
  func `a key that can do nothing says why`(key: String, reason: String) throws {
    var model = try Story(Workflows.chain).model()
    _ = press(&model, .character("3"), .character(Character(key)))
    #expect(model.status == reason)
  }
}
