import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

struct LogBookTests {
  static let attempt = AttemptID(FiringID(ProcessID(number: 1), 1), 1)

  private func book(_ chunks: LogChunk...) -> LogBook {
    var book = LogBook()
    book.receive(LogUpdate(attempt: Self.attempt, chunks: chunks))
    return book
  }

  private func texts(_ book: LogBook) -> [String] {
    let rows = (book.store.first..<book.store.end).compactMap { number -> String? in
      guard let row = book.store[number] else { return nil }
      let text = book.styles.line(row.bytes).text
      switch row.kind {
      case .output: return text
      case .error: return "! " + text
      case .dropped: return "dropped \(text)"
      case .missing: return "missing \(text)"
      case .remark: return "# \(text)"
      case .ended: return "ended \(book.sources[row.source].firing)"
      }
    }
    return rows
      + book.unfinished().map { ($0.isError ? "! " : "") + book.styles.line($0.line.bytes).text }
  }

  @Test func `unfinished lines of the two streams stay separate`() {
    let book = book(
      Scenes.chunk(1, .standardOutput, "one\ntw"), Scenes.chunk(2, .standardError, "err\npart"),
      Scenes.chunk(3, .standardOutput, "o\n"))
    #expect(texts(book) == ["one", "! err", "two", "! part"])
  }

  @Test func `lines from a file are before the others, without times`() throws {
    var book = LogBook()
    let older = Scenes.chunk(4, .standardOutput, "old\nha")
    book.receive(
      LogUpdate(
        attempt: Self.attempt, chunks: [older], remark: "from /logs/a.log", isUntimed: true))
    let kept = Scenes.chunk(5, .standardOutput, "lf\nnew\n")
    book.receive(LogUpdate(attempt: Self.attempt, chunks: [kept], remark: "as it came"))
    book.receive(LogUpdate(attempt: Self.attempt, chunks: [kept], remark: "as it came"))
    #expect(texts(book) == ["# from /logs/a.log", "old", "# as it came", "half", "new"])
    let traits = (0..<book.store.end).compactMap { book.store[$0]?.traits }
    #expect(traits.map { $0.contains(.isUntimed) } == [false, true, false, false, false])
    #expect(book.missingChunks == 0)
  }

  @Test func `a repeated chunk is ignored`() {
    var book = book(
      Scenes.chunk(1, .standardOutput, "a\n"), Scenes.chunk(2, .standardOutput, "b\n"))
    let again = [Scenes.chunk(2, .standardOutput, "b\n"), Scenes.chunk(3, .standardOutput, "c\n")]
    book.receive(LogUpdate(attempt: Self.attempt, chunks: again))
    #expect(texts(book) == ["a", "b", "c"])
  }

  @Test func `dropped lines are counted where they were dropped`() {
    var chunk = Scenes.chunk(2, .standardOutput, "later\n")
    chunk.droppedLines = 12
    let book = book(Scenes.chunk(1, .standardOutput, "a\n"), chunk)
    #expect(texts(book) == ["a", "dropped 12", "later"])
    #expect(book.droppedLines == 12)
  }

  @Test func `output after a gap begins on a new line of its own stream`() {
    var chunk = Scenes.chunk(3, .standardError, "\nfinished\n")
    chunk.droppedLines = 7
    let book = book(
      Scenes.chunk(1, .standardOutput, "prompt: "), Scenes.chunk(2, .standardError, "479952 it"),
      chunk, Scenes.chunk(4, .standardOutput, "yes\n"))
    #expect(texts(book) == ["! 479952 it [cut]", "dropped 7", "! finished", "prompt: yes"])
  }

  @Test func `a complete progress bar state has no cut mark before a gap`() {
    var chunk = Scenes.chunk(2, .standardError, "\r30 %")
    chunk.droppedLines = 1
    #expect(
      texts(book(Scenes.chunk(1, .standardError, "10 %\r20 %\r"), chunk))
        == ["! 20 %", "dropped 1", "! 30 %"])
  }

  @Test func `missing chunks cut the lines before them`() {
    let book = book(
      Scenes.chunk(1, .standardOutput, "half"), Scenes.chunk(4, .standardOutput, "other\n"))
    #expect(texts(book) == ["half [cut]", "missing 2", "other"])
  }

  @Test func `output after rejected lines is not joined to other text`() {
    var book = LogBook(byteLimit: 40_000)
    var texts = (1...60).map {
      "rest \($0)\n" + String(repeating: "line \($0)\n", count: 500) + "half \($0) "
    }
    texts[59] = "rest 60\nlast\n"
    for (place, text) in texts.enumerated() {
      let chunk = Scenes.chunk(place + 1, .standardOutput, text)
      let isRead = place > 5 && place < 58
      book.receive(
        LogUpdate(attempt: Self.attempt, chunks: [chunk]), pinned: isRead ? book.store.first : nil)
    }
    #expect(book.refusedLines > 0)
    let lines = (book.store.first..<book.store.end).compactMap { book.store[$0] }
      .map { String(decoding: $0.bytes, as: UTF8.self) }
    #expect(lines.last == "last")
    let whole = Set((1...59).map { "half \($0) rest \($0 + 1)" })
    let joined = lines.filter { $0.contains("half") && $0.contains("rest") }
    #expect(joined.allSatisfy(whole.contains), "\(joined)")
    #expect(joined.contains("half 59 rest 60"))
    #expect(!lines.contains { $0.contains("half") && $0.contains("line") })
    // The rest of a line whose beginning was rejected is not a line.
    #expect(!lines.contains { $0.hasPrefix("rest") && $0 != "rest 1" })
  }

  @Test func `the report's last lines are not joined either`() {
    var chunk = Scenes.chunk(2, .standardError, "\nfinished\n")
    chunk.droppedLines = 7
    let chunks = [Scenes.chunk(1, .standardError, "first\n479952 it"), chunk]
    #expect(OutputText.lines(of: chunks) == ["first", "479952 it [cut]", "finished"])
  }

  @Test func `missing chunks are counted where they would be`() {
    let book = book(
      Scenes.chunk(1, .standardOutput, "a\n"), Scenes.chunk(5, .standardOutput, "b\n"))
    #expect(texts(book) == ["a", "missing 3", "b"])
    #expect(book.missingChunks == 3)
  }

  @Test func `a backlog without its beginning says so`() {
    var book = LogBook()
    book.receive(
      LogUpdate(
        attempt: Self.attempt, chunks: [Scenes.chunk(9, .standardOutput, "x\n")],
        isTruncated: true))
    #expect(texts(book) == ["missing 8", "x"])
  }

  @Test func `the end completes lines without a line feed`() {
    let book = book(Scenes.chunk(1, .standardOutput, "no newline"), Scenes.chunk(2, .end, ""))
    #expect(texts(book) == ["no newline"])
    #expect(book.isComplete(Self.attempt) && book.unfinished().isEmpty)
  }

  @Test func `chunks after the end are ignored`() {
    var book = book(Scenes.chunk(1, .standardOutput, "a\n"), Scenes.chunk(2, .end, ""))
    let late = [Scenes.chunk(3, .standardOutput, "late\n")]
    book.receive(LogUpdate(attempt: Self.attempt, chunks: late))
    #expect(texts(book) == ["a"])
  }

  @Test func `a progress bar is one line with its last state`() {
    let book = book(
      Scenes.chunk(1, .standardError, "10 %\r20 %"), Scenes.chunk(2, .standardError, "\r30 %"))
    #expect(texts(book) == ["! 30 %"])
    #expect(book.store.isEmpty)
  }

  @Test func `usage samples are stored beside the output`() {
    let sample = UsageSample(residentKilobytes: 2048, cpuMilliseconds: 300)
    let book = book(
      Scenes.chunk(1, .standardOutput, "a\n"),
      LogChunk(sequence: 2, stream: .usage, time: 7, bytes: sample.encoded),
      Scenes.chunk(3, .standardOutput, "b\n"))
    #expect(texts(book) == ["a", "b"])
    #expect(book.usage[Self.attempt] == [LogSample(time: 7, usage: sample)])
  }

  @Test func `several outputs keep their lines apart and mark their ends`() {
    var book = LogBook(isMerged: true)
    let other = AttemptID(FiringID(ProcessID(number: 2), 1), 1)
    book.receive(
      LogUpdate(attempt: Self.attempt, chunks: [Scenes.chunk(1, .standardOutput, "a1\na")]))
    book.receive(LogUpdate(attempt: other, chunks: [Scenes.chunk(1, .standardOutput, "b1\n")]))
    book.receive(
      LogUpdate(
        attempt: Self.attempt,
        chunks: [Scenes.chunk(2, .standardOutput, "2\n"), Scenes.chunk(3, .end, "")]))
    #expect(texts(book) == ["a1", "b1", "a2", "ended 1:1"])
    #expect(book.sources == [Self.attempt, other])
    #expect(book.lastText(of: other) == "b1" && book.lastText(of: Self.attempt) == "a2")
  }

  @Test func `memory is limited, and line numbers continue`() {
    var book = LogBook(byteLimit: 100_000)
    for sequence in 1...50 {
      let text = String(repeating: "line \(sequence)\n", count: 1000)
      book.receive(
        LogUpdate(attempt: Self.attempt, chunks: [Scenes.chunk(sequence, .standardOutput, text)]))
      #expect(book.store.byteCount <= 100_000)
    }
    #expect(book.store.end == 50_000 && book.store.first > 0)
    #expect(book.lastText(of: Self.attempt) == "line 50")
  }

  @Test func `lines being read stay, and new lines without space are counted`() {
    var book = LogBook(byteLimit: 100_000)
    for sequence in 1...50 {
      let text = String(repeating: "line \(sequence)\n", count: 1000)
      let chunk = Scenes.chunk(sequence, .standardOutput, text)
      book.receive(LogUpdate(attempt: Self.attempt, chunks: [chunk]), pinned: 10)
    }
    #expect(book.store.first == 0)
    #expect(book.refusedLines > 0 && book.store.end + book.refusedLines == 50_000)
    #expect(book.store.byteCount < 200_000)
  }

  @Test func `the last line that is not blank is known`() {
    #expect(book(Scenes.chunk(1, .standardOutput, "a\n \n\n")).lastText(of: Self.attempt) == "a")
    let both = book(
      Scenes.chunk(1, .standardOutput, "a\n"), Scenes.chunk(2, .standardError, "50 %\r60 %"))
    #expect(both.lastText(of: Self.attempt) == "60 %")
    #expect(LogBook().lastText(of: Self.attempt) == nil)
  }
}
