import Engine
import JobProtocol
import Testing

@testable import TUI

/// Rows of tasks that are built around what they say.
struct MessageRowTests {
  private func story(_ outcome: JobOutcome, saying: String = "") throws -> Story {
    var story = try Story(Workflows.pairs(30))
    story.begin(slots: 2)
    story.finish(try story.startNext(), outcome, after: 3000, saying: saying)
    return story
  }

  @Test(arguments: [(80, 24), (120, 36), (200, 55)])
  func `a message that has room is whole at every width`(columns: Int, rows: Int) throws {
    let text = "FATAL ERROR in reads: short read line 812"
    let model = try story(.failed(.exit(104)), saying: text).model(columns, rows)
    let row = try #require(model.draw().lines.first { $0.contains("make:1") })
    #expect(row.contains("exit 104 \(text)"), "\(row)")
  }

  @Test func `a message takes the columns behind it that are empty in its row`() throws {
    var story = try Story(Workflows.pairs(30))
    story.begin(slots: 2)
    let path = "star: not found on node-a in the executor's PATH: /usr/local/bin:/usr/bin:/bin"
    story.finish(try story.startNext(), .failed(.exit(104)), after: 3000, saying: path)
    let missing = try story.startNext()
    story.finish(missing, .failed(.notFound(path)), saying: "")
    let model = story.model(120, 36)
    let rows = model.draw().lines.filter { $0.contains("…") && $0.contains("star: not") }
    let ends = rows.compactMap { row in Array(row).lastIndex(of: "…") }
    #expect(ends.count == 2 && ends[0] <= ends[1], "\(rows)")
  }

  @Test func `the title of a column is whole, or a sign`() throws {
    var story = try Story(Workflows.pairs(30))
    story.begin(slots: 2)
    let first = try story.startNext()
    story.finish(first, .failed(.exit(1)), after: 3000, saying: "no")
    story.tell(.retry(first.firing, nil, .alone))
    let title = story.model(120, 36).draw().lines.first { $0.contains("last line") } ?? ""
    #expect(title.contains(" # ") || title.contains(" #│") || title.contains(" tries"), "\(title)")
    #expect(!title.contains(" tr "))
  }

  @Test func `columns that are empty in all rows are absent`() throws {
    let story = try Story(Workflows.pairs(30))
    let grid = TaskGrid(story.model(200, 55), width: 150)
    #expect(grid.places.map(\.column) == [.name, .state, .lastLine])
    let failed = TaskGrid(try self.story(.failed(.exit(1))).model(200, 55), width: 150)
    #expect(failed.places.map(\.column).last == .time)
  }

  @Test func `a signal is called by its name, and a time limit once`() throws {
    let killed = try story(.failed(.signal(9))).model(120, 36)
    #expect(killed.draw().text.contains("SIGKILL"))
    let slow = try story(.failed(.timeout(seconds: 3))).model(120, 36)
    let text = slow.draw().text
    #expect(text.contains("timed out after 3.0 s, max"))
    #expect(!text.contains("after 3 s after"))
  }

  @Test func `a running task whose line tells its progress has a bar`() throws {
    var story = try Story(Workflows.pairs(2))
    story.begin(slots: 2)
    let attempt = try story.startNext()
    var model = story.model(120, 36)
    _ = model.update(.world([.lastLine(attempt, "fastp 65%  2.1 M reads/s")]))
    #expect(model.draw().text.contains("▰▰▰▰▱▱ 65%"))
    #expect(model.draw().text.contains("fastp 65%  2.1 M reads/s"))
  }

  @Test func `failures above the visible rows are announced`() throws {
    var story = try Story(Workflows.pairs(60))
    story.begin(slots: 4)
    for _ in 0..<3 { story.finish(try story.startNext(), .failed(.exit(1)), after: 100) }
    var model = story.model(80, 24)
    #expect(!model.draw().text.contains("failed ─"))
    _ = model.update(.input(.key(.character("G"))))
    #expect(model.draw().text.contains(" ↑ 3 failed "))
  }

  // MARK: The log

  @Test func `the log of a missing program says so`() throws {
    let cause = FailureCause.notFound("star: not found on node-a in the executor's PATH")
    let text = try story(.failed(cause)).model(120, 36).draw().text
    #expect(text.contains("star: not found on node-a in the executor's PATH"))
    #expect(text.contains("the program was not started: e edits the command and retries"))
  }

  @Test func `the log of a failed job without output shows the line that was reported`() throws {
    let note = "the job's output is not in the log; its executor reported: no space left"
    let printed = try story(.failed(.exit(1)), saying: "no space left").model(120, 36).draw().text
    #expect(printed.contains(note))
    let silent = try story(.failed(.exit(1))).model(120, 36).draw().text
    #expect(silent.contains("it has printed nothing"))
  }

  @Test func `the log of a failed attempt shows its own line, not that of a later one`() throws {
    var story = try Story(Workflows.pairs(1))
    story.begin(slots: 1)
    let first = try story.startNext()
    story.finish(first, .failed(.exit(1)), saying: "no space left")
    story.tell(.retry(first.firing, nil, .alone))
    story.finish(try story.startNext(), .failed(.exit(2)), saying: "no such file")
    var model = story.model(120, 36)
    #expect(model.draw().text.contains("reported: no such file"))
    for key in "3[" { _ = model.update(.input(.key(.character(key)))) }
    #expect(model.draw().text.contains("reported: no space left"))
  }

  @Test func `Escape in the log goes back to where one came from`() throws {
    var model = try story(.failed(.exit(1))).model(120, 36)
    for pane in ["1", "2"] {
      _ = model.update(.input(.key(.character(Character(pane)))))
      let before = model.focus
      _ = model.update(.input(.key(.character("3"))))
      #expect(model.focus == .log)
      _ = model.update(.input(.key(.escape)))
      #expect(model.focus == before)
    }
  }

  @Test func `b in a merged log says why it cannot`() throws {
    var model = try story(.failed(.exit(1))).model(120, 36)
    for key in "3mb" { _ = model.update(.input(.key(.character(key)))) }
    #expect(model.status == "a merged log has no attempts side by side: m shows one task's log")
  }

  @Test(arguments: [(59, 30), (40, 8), (39, 10), (30, 5)])
  func `a form is visible wherever it is open`(columns: Int, rows: Int) throws {
    var model = try story(.failed(.exit(1))).model(120, 36)
    _ = model.update(.input(.key(.character("e"))))
    _ = model.update(.resized(Size(columns: columns, rows: rows)))
    #expect(model.draw().text.contains("command"))
    _ = model.update(.resized(Size(columns: columns, rows: 3)))
    #expect(model.draw().text.contains("needs 5 rows"))
    #expect(model.update(.input(.key(.enter))).isEmpty, "an invisible form does not act")
    _ = model.update(.input(.key(.escape)))
    #expect(model.overlay == nil)
  }

  @Test func `a stopped run's bar is not red`() throws {
    var story = try Story(Workflows.pairs(2))
    story.begin(slots: 2)
    story.finish(try story.startNext(), .failed(.cancelled))
    let model = story.model(120, 36)
    #expect(model.run.counts[.cancelled] == 1)
    #expect(!model.draw().lines[1].contains("▓"))
  }
}
