import Engine
import JobProtocol
import Testing

@testable import TUI

/// What plain mode prints of a run.
struct AnnouncerTests {
  private func model(_ story: inout Story) throws -> Model {
    var model = try Scenes.model(&story, 80, 24)
    model.setPlain(true, colors: .none)
    return model
  }

  private func announced(
    _ keys: [Key], _ model: inout Model, _ announcer: inout Announcer
  ) -> [Announcer.Announcement] {
    keys.flatMap { key in
      _ = model.update(.input(.key(key)))
      return announcer.announceChanges(model, [], isAnswer: true)
    }
  }

  private func lines(_ announcements: [Announcer.Announcement]) -> [String] {
    announcements.compactMap { if case .line(let line) = $0 { line } else { nil } }
  }

  @Test func `the first lines say what is shown`() throws {
    var story = try Scenes.midway()
    let model = try model(&story)
    var announcer = Announcer()
    let printed = lines(announcer.announceAll(model, []))
    #expect(printed[0].hasPrefix("mosaic k7f2 running 0:00:08"))
    #expect(printed[1].contains("4/14") && printed[1].contains("failed 1"))
    #expect(printed[2].hasPrefix("2 Tasks · all 14"))
    #expect(printed[3].hasPrefix("failed mProject:2 exit 1"))
    #expect(printed.count == 4)
    #expect(announcer.announceChanges(model, [], isAnswer: false).isEmpty)
  }

  @Test func `moving prints the row`() throws {
    var story = try Scenes.midway()
    var model = try model(&story)
    var announcer = Announcer()
    _ = announcer.announceAll(model, [])
    let printed = lines(announced([.down, .down, .down], &model, &announcer))
    #expect(printed.map { $0.split(separator: " ")[0] } == ["running", "running", "waiting"])
    #expect(printed[2].contains("mDiffFit:2") && printed[2].contains("waits for proj_1"))
  }

  @Test func `another pane is printed with its content`() throws {
    var story = try Scenes.midway()
    var model = try model(&story)
    var announcer = Announcer()
    _ = announcer.announceAll(model, [])
    let graph = lines(announced([.character("1")], &model, &announcer))
    #expect(graph[0] == "1 Graph · 5 stages")
    #expect(graph[1].contains("mProject") && graph[1].contains("3/4"))
    let log = lines(announced([.character("3")], &model, &announcer))
    #expect(log.contains { $0.contains("no overlap between images 17 and 18") })
    let detail = lines(announced([.character("2"), .enter], &model, &announcer))
    #expect(detail.contains { $0.contains("failed exit 1") })
  }

  @Test func `output is printed as it is written, each line once`() throws {
    var story = try Scenes.midway()
    var model = try model(&story)
    var announcer = Announcer()
    _ = announcer.announceAll(model, [])
    _ = announced([.character("2"), .down, .character("3")], &model, &announcer)
    let attempt = try #require(model.log.attempt)
    for number in 1...3 {
      let chunk = Scenes.chunk(number, .standardOutput, "line \(number)\n")
      _ = model.update(.world([.log(LogUpdate(attempt: attempt, chunks: [chunk]))]))
      let printed = lines(announcer.announceChanges(model, [], isAnswer: false))
      #expect(printed.count == 1 && printed[0].hasSuffix("line \(number)"))
    }
  }

  @Test func `a table that changes by itself is not printed again and again`() throws {
    var story = try Scenes.midway()
    var model = try model(&story)
    var announcer = Announcer()
    _ = announcer.announceAll(model, [])
    for second in 1...5 {
      _ = model.update(.clock(story.time + second * 1000))
      #expect(announcer.announceChanges(model, [], isAnswer: false).isEmpty)
    }
  }

  @Test func `questions, refusals and the end are printed`() throws {
    var story = try Scenes.midway()
    var model = try model(&story)
    var announcer = Announcer()
    _ = announcer.announceAll(model, [])
    #expect(lines(announced([.character("q")], &model, &announcer))[0].hasPrefix("Leave? d detach"))
    _ = announced([.escape], &model, &announcer)
    #expect(lines(announced([.character("x")], &model, &announcer))[0].contains("can be cancelled"))
    _ = model.update(.world([.connection(.lost("refused"))]))
    #expect(
      lines(announcer.announceChanges(model, [], isAnswer: false)) == [
        "Redis lost, trying again: refused"
      ])
    _ = model.update(.world([.connection(.live), .closed]))
    let printed = lines(announcer.announceChanges(model, ["  failed     a:1"], isAnswer: false))
    #expect(printed.contains("Redis is back") && printed.contains("  failed     a:1"))
    #expect(printed.contains { $0.hasPrefix("mosaic k7f2") })
  }

  @Test func `without a user the summary reports the end`() throws {
    var story = try Scenes.midway()
    var model = try model(&story)
    var announcer = Announcer()
    announcer.announcesEnd = false
    _ = announcer.announceAll(model, [])
    _ = model.update(.world([.closed]))
    #expect(model.phase != .live)
    let printed = lines(announcer.announceChanges(model, ["  failed     a:1"], isAnswer: false))
    #expect(printed == ["  failed     a:1"])
  }

  @Test func `typed text is echoed`() throws {
    var story = try Scenes.midway()
    var model = try model(&story)
    var announcer = Announcer()
    _ = announcer.announceAll(model, [])
    let announcements = announced(
      [.character(":"), .character("p"), .character("x"), .backspace, .tab],
      &model, &announcer)
    #expect(announcements == [.echo(":"), .echo("p"), .echo("x"), .erase, .echo("ause")])
    let rest = announced([.enter], &model, &announcer)
    #expect(rest == [.line(""), .line("requested: pause")])
  }

  @Test func `decoration is not printed`() throws {
    var story = try Scenes.midway()
    var model = try model(&story)
    var announcer = Announcer()
    var printed = lines(announcer.announceAll(model, []))
    for key in ["1", "2", "3", "9", "?"] {
      printed += lines(announced([.character(Character(key))], &model, &announcer))
    }
    for line in printed {
      #expect(!line.unicodeScalars.contains { (0x2500...0x25FF).contains($0.value) }, "\(line)")
      #expect(!line.contains("  "), "\(line)")
    }
  }
}

struct KeyReaderTests {
  @Test(arguments: [
    ("aé日", [Key.character("a"), .character("é"), .character("日")]),
    ("\u{1B}[A\u{1B}OB\u{1B}[5~\u{1B}[6~", [.up, .down, .pageUp, .pageDown]),
    ("\r\t\u{7F}\u{3}", [.enter, .tab, .backspace, .control("c")]),
    ("\u{1B}[1;5A\u{1B}[Z\u{1B}[3~", [.up, .backTab, .delete]),
    ("\u{1B}", [.escape]), ("\u{1B}q", [.escape, .character("q")]),
    ("\u{1B}[99~x", [.character("x")]),
  ])
  func `bytes are read as keys`(text: String, keys: [Key]) {
    var reader = KeyReader()
    #expect(reader.keys(in: Array(text.utf8)) == keys)
  }

  @Test func `split sequences are joined`() {
    var reader = KeyReader()
    let bytes = Array("日\u{1B}[A".utf8)
    var keys: [Key] = []
    for byte in bytes { keys += reader.keys(in: [byte]) }
    // An escape that is alone for a moment counts as the key: the two cannot be distinguished.
    #expect(keys.first == .character("日"))
    var whole = KeyReader()
    let parts = whole.keys(in: Array(bytes[..<5])) + whole.keys(in: Array(bytes[5...]))
    #expect(parts == [.character("日"), .up])
  }

  @Test func `no bytes crash the reader`() {
    var random = Seeded(seed: 7)
    var reader = KeyReader()
    for _ in 0..<2000 {
      let bytes = (0..<Int(random.next() % 12)).map { _ in UInt8(truncatingIfNeeded: random.next())
      }
      _ = reader.keys(in: bytes)
    }
  }
}
