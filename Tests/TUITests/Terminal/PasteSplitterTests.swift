import Testing

@testable import TUI

/// Pasted and typed text in the bytes of a terminal.
@Suite struct PasteSplitterTests {
  private let start = "\u{1B}[200~"
  private let end = "\u{1B}[201~"

  /// Splits consecutive pieces, each a number of milliseconds after the previous one, then waits
  /// until nothing is due.
  private func split(
    _ texts: String..., after: Int = 0, marksPastes: Bool = true
  ) -> [PasteSplitter.Chunk] {
    var splitter = PasteSplitter(marksPastes: marksPastes)
    var chunks: [PasteSplitter.Chunk] = []
    var now = 1000
    for text in texts {
      while let due = splitter.dueAt, due <= now { chunks += splitter.expire(at: due) }
      chunks += splitter.split(Array(text.utf8), at: now)
      now += after
    }
    while let due = splitter.dueAt { chunks += splitter.expire(at: due) }
    return chunks
  }

  private func keys(_ text: String) -> PasteSplitter.Chunk { .keys(Array(text.utf8)) }

  @Test func `keys are passed on unchanged`() {
    #expect(split("jjq") == [keys("jjq")])
    #expect(
      split("\u{1B}[A\u{1B}OP\u{1B}[<0;12;5M\u{1B}x") == [
        keys("\u{1B}[A\u{1B}OP\u{1B}[<0;12;5M\u{1B}x")
      ])
    #expect(split("ä", "日") == [keys("ä"), keys("日")])
  }

  @Test func `text between the marks is a paste, text around them is typed`() {
    #expect(split("a\(start)Xy\(end)b") == [keys("a"), .paste("Xy"), keys("b")])
    #expect(
      split("\(start)one\(end)\(start)two\(end)") == [.paste("one"), .paste("two")])
  }

  @Test(arguments: 1..<16)
  func `marks in two pieces are recognised`(place: Int) {
    let all = Array("\(start)stop\(end)".utf8)
    let first = String(decoding: all[..<place], as: UTF8.self)
    let second = String(decoding: all[place...], as: UTF8.self)
    for after in [0, 20] {
      let chunks = split(first, second, after: after)
      #expect(chunks.contains(.paste("stop")), "cut at \(place): \(chunks)")
      #expect(chunks.filter { $0 != .paste("stop") }.isEmpty)
    }
  }

  @Test func `a mark whose first byte was passed on as Escape is recognised`() {
    #expect(
      split("\u{1B}", "[200~Xy\(end)", after: 200) == [keys("\u{1B}"), .paste("Xy")])
    #expect(
      split("\u{1B}[20", "0~Xy\(end)", after: 500) == [keys("\u{1B}[20"), .paste("Xy")])
  }

  @Test func `a single Escape is a key, and so are keys after it`() {
    #expect(split("\u{1B}", "[", "2", after: 300) == [keys("\u{1B}"), keys("["), keys("2")])
  }

  @Test func `line breaks become spaces, and control characters are removed`() {
    let text = "one\r\ntwo\rthree\nfour\tfive\u{0}\u{7}\u{1B}[31mred\u{1B}[0m\u{1B}]0;x\u{7}\u{7F}."
    #expect(split("\(start)\(text)\(end)") == [.paste("one two three four fivered.")])
  }

  @Test func `an end mark within a paste does not end it`() {
    #expect(split("\(start)one\(end):stop\r\(end)") == [.paste("one:stop ")])
    #expect(split("\(start)one\(end):st", "op\r\(end)", after: 10) == [.paste("one:stop ")])
    let long = String(repeating: "Xy", count: 3000)
    #expect(split("\(start)one\(end)\(long)", "\r\(end)") == [.paste("one\(long) ")])
  }

  @Test func `keys right after a paste are keys`() {
    #expect(split("\(start)one\(end)\r") == [.paste("one"), keys("\r")])
    #expect(split("\(start)one\(end)", "q", after: 10) == [.paste("one"), keys("q")])
  }

  @Test func `a paste without an end mark ends after a second`() {
    #expect(split("\(start)Xy", "q", after: 1500) == [.paste("Xy"), keys("q")])
    #expect(split("\(start)X", "y", "q\(end)", after: 900) == [.paste("Xyq")])
  }

  @Test func `the rest of a cut paste is not typing`() {
    #expect(split("\(start)one", "Xy\(end)", after: 2000) == [.paste("one"), .paste("Xy")])
    #expect(
      split("\(start)one", "exit; XyXyXy\r", after: 2000)
        == [.paste("one"), .paste("exit; XyXyXy ")])
    #expect(split("Xy\(end)q") == [.paste("Xy"), keys("q")])
    #expect(split(end) == [])
  }

  @Test func `only the beginning of a very long paste is kept`() throws {
    let long = String(repeating: "0123456789", count: 100_000)
    let chunks = split("\(start)\(long)\(end)")
    guard case .paste(let text)? = chunks.first else { throw Story.NotThere() }
    #expect(chunks.count == 1 && text.utf8.count == 64 << 10 && long.hasPrefix(text))
  }

  @Test func `without marks much text at once is a paste`() {
    let text = "sudo systemctl stop redis; exit\n"
    #expect(split(text, marksPastes: false) == [.paste("sudo systemctl stop redis; exit ")])
    #expect(split(text, marksPastes: true) == [keys(text)])
    let parts = split("The next job is ", "ready\n", after: 50, marksPastes: false)
    #expect(parts == [.paste("The next job is ready ")])
  }

  @Test(arguments: [
    "jjjjjjjjjjjjjjjjjjjjjjjjjjjj", "jkjkjkjkjkjkjkjkjkjkjk", ":retry --all", "Xy",
    "\u{1B}[A\u{1B}[A\u{1B}[A\u{1B}[A\u{1B}[A",
  ])
  func `keys typed ahead are keys, also without marks`(text: String) {
    #expect(split(text, marksPastes: false) == [keys(text)])
  }

  @Test func `a terminal that has marked one paste is known to mark pastes`() {
    let typed = "/state:failed host:node-a\r"
    #expect(
      split("\(start)x\(end)", typed, after: 200, marksPastes: false)
        == [.paste("x"), keys(typed)])
  }

  @Test(
    arguments: [
      ("xterm-256color", [:], true, true), ("tmux-256color", ["TMUX": "x"], true, true),
      ("linux", [:], true, false), ("vt100", [:], true, false), ("dumb", [:], false, false),
      ("screen", ["STY": "x"], true, false), ("", [:], false, false),
    ] as [(String, [String: String], Bool, Bool)])
  func `each terminal is asked to mark pastes, or known to, as the table says`(
    name: String, environment: [String: String], isAsked: Bool, isKnown: Bool
  ) {
    let kind = TerminalKind { $0 == "TERM" ? name : environment[$0] }
    #expect(kind.supportsPasteRequest == isAsked && kind.marksPastes == isKnown)
  }
}
