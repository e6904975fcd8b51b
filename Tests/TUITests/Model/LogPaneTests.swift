import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

struct LogPaneTests {
  private let attempt = AttemptID(FiringID(ProcessID(number: 1), 1), 1)

  private func pane(_ chunks: LogChunk...) -> LogPane {
    var pane = LogPane(attempt: attempt)
    pane.take(LogUpdate(attempt: attempt, chunks: chunks))
    return pane
  }

  private func texts(_ pane: LogPane) -> [String] {
    (pane.rows + pane.unfinished).map { row in
      switch row {
      case .output(_, let isError, let line): (isError ? "! " : "") + line.text
      case .dropped(let count): "dropped \(count)"
      case .truncated: "truncated"
      }
    }
  }

  @Test func `both streams keep their unfinished lines apart`() {
    let pane = pane(
      Scenes.chunk(1, .standardOutput, "one\ntw"), Scenes.chunk(2, .standardError, "err\npart"),
      Scenes.chunk(3, .standardOutput, "o\n"))
    #expect(texts(pane) == ["one", "! err", "two", "! part"])
  }

  @Test func `a chunk that comes again is shown once`() {
    var pane = pane(
      Scenes.chunk(1, .standardOutput, "a\n"), Scenes.chunk(2, .standardOutput, "b\n"))
    pane.take(
      LogUpdate(
        attempt: attempt,
        chunks: [Scenes.chunk(2, .standardOutput, "b\n"), Scenes.chunk(3, .standardOutput, "c\n")]))
    #expect(texts(pane) == ["a", "b", "c"])
  }

  @Test func `what was dropped is counted where it was dropped`() {
    var chunk = Scenes.chunk(2, .standardOutput, "later\n")
    chunk.droppedLines = 12
    let pane = pane(Scenes.chunk(1, .standardOutput, "a\n"), chunk)
    #expect(texts(pane) == ["a", "dropped 12", "later"])
    #expect(pane.droppedLines == 12)
  }

  @Test func `the end finishes lines that lack a line feed`() {
    let pane = pane(Scenes.chunk(1, .standardOutput, "no newline"), Scenes.chunk(2, .end, ""))
    #expect(texts(pane) == ["no newline"])
    #expect(pane.isComplete && pane.unfinished.isEmpty)
  }

  @Test func `another attempt's output does not get in`() {
    var pane = pane()
    let other = AttemptID(attempt.firing, 2)
    pane.take(LogUpdate(attempt: other, chunks: [Scenes.chunk(1, .standardOutput, "x\n")]))
    #expect(pane.rows.isEmpty)
  }

  @Test func `a backlog without its beginning says so`() {
    var pane = pane()
    pane.take(
      LogUpdate(
        attempt: attempt, chunks: [Scenes.chunk(9, .standardOutput, "x\n")], isTruncated: true))
    #expect(texts(pane) == ["truncated", "x"])
  }

  @Test func `memory is bounded and row numbers go on`() {
    var pane = LogPane(attempt: attempt)
    for sequence in 1...50 {
      let text = String(repeating: "line \(sequence)\n", count: 1000)
      pane.take(
        LogUpdate(attempt: attempt, chunks: [Scenes.chunk(sequence, .standardOutput, text)]))
    }
    #expect(pane.rows.count <= LogPane.lineLimit)
    #expect(pane.forgotten + pane.rows.count == 50_000)
    #expect(pane.lastLine == "line 50")
  }

  @Test func `scrolling up pauses and reaching the end follows again`() {
    var pane = pane(
      Scenes.chunk(1, .standardOutput, (0..<50).map { "\($0)\n" }.joined()))
    #expect(pane.isFollowing && pane.firstShown(height: 10, tail: 0) == 40)
    pane.scroll(by: 3, height: 10, tail: 0)
    #expect(pane.isFollowing)
    pane.scroll(by: -1, height: 10, tail: 0)
    #expect(!pane.isFollowing && pane.firstShown(height: 10, tail: 0) == 39)
    pane.take(LogUpdate(attempt: attempt, chunks: [Scenes.chunk(2, .standardOutput, "new\n")]))
    #expect(pane.firstShown(height: 10, tail: 0) == 39)
    pane.scroll(by: 100, height: 10, tail: 0)
    #expect(pane.isFollowing && pane.firstShown(height: 10, tail: 1) == 42)
    pane.scrollToTop(height: 10, tail: 0)
    #expect(pane.firstShown(height: 10, tail: 0) == 0)
    pane.toggleFollowing(height: 10, tail: 0)
    #expect(pane.isFollowing)
  }

  @Test func `a short log cannot be scrolled away`() {
    var pane = pane(Scenes.chunk(1, .standardOutput, "a\nb\n"))
    pane.scroll(by: -5, height: 10, tail: 0)
    #expect(pane.isFollowing && pane.firstShown(height: 10, tail: 0) == 0)
  }
}
