import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

struct LogViewportTests {
  private let view = LogViewport.ViewSize(height: 10, columns: 20, wraps: false)
  private let wrapping = LogViewport.ViewSize(height: 10, columns: 20, wraps: true)

  private func viewport(_ text: String) -> LogViewport {
    var viewport = LogViewport()
    add(text, to: &viewport, sequence: 1)
    return viewport
  }

  private func add(_ text: String, to viewport: inout LogViewport, sequence: Int) {
    let chunk = Scenes.chunk(sequence, .standardOutput, text)
    viewport.handle(LogUpdate(attempt: LogBookTests.attempt, chunks: [chunk]))
    work(&viewport)
  }

  private func work(_ viewport: inout LogViewport) {
    repeat { viewport.scan(budget: 500, view) } while viewport.hasWork
  }

  private func find(_ viewport: inout LogViewport, forward: Bool) -> Bool {
    viewport.find(forward: forward, view)
  }

  private func numbers(_ range: Range<Int>) -> String { range.map { "line \($0)\n" }.joined() }

  /// The lines on the screen by their numbers.
  private func shown(_ viewport: LogViewport, _ view: LogViewport.ViewSize? = nil) -> [Int] {
    viewport.shown(view ?? self.view).map { viewport.line(at: $0.index) }
  }

  // MARK: Moving

  @Test func `the view follows until the user scrolls up, and again at the end`() {
    var viewport = viewport(numbers(0..<50))
    #expect(viewport.isFollowing && shown(viewport) == Array(40..<50))
    viewport.scroll(by: 3, view)
    #expect(viewport.isFollowing)
    viewport.scroll(by: -1, view)
    #expect(!viewport.isFollowing && shown(viewport) == Array(39..<49))
    #expect(viewport.countBelow(view) == 1)
    viewport.scroll(by: 100, view)
    #expect(viewport.isFollowing)
    viewport.scrollToTop(view)
    #expect(shown(viewport) == Array(0..<10))
    viewport.follow()
    #expect(shown(viewport) == Array(40..<50))
  }

  @Test func `visible lines stay while lines are added and discarded`() {
    var viewport = LogViewport(LogBook(byteLimit: 60_000))
    add(numbers(0..<1000), to: &viewport, sequence: 1)
    viewport.scroll(by: -5, view)
    let before = shown(viewport)
    for sequence in 2..<12 {
      add(numbers(0..<400), to: &viewport, sequence: sequence)
      #expect(shown(viewport) == before)
    }
    #expect(viewport.book.store.first > 0)
    #expect(viewport.book.refusedLines > 0)
  }

  @Test func `a short log does not scroll`() {
    var viewport = viewport("a\nb\n")
    viewport.scroll(by: -5, view)
    #expect(viewport.isFollowing && shown(viewport) == [0, 1])
    viewport.scrollToTop(view)
    #expect(viewport.isFollowing)
  }

  @Test func `rows after the last line can be seen`() {
    let viewport = viewport(numbers(0..<50))
    let withTail = LogViewport.ViewSize(height: 10, columns: 20, wraps: false, tail: 1)
    #expect(shown(viewport, withTail) == Array(41..<51))
  }

  @Test func `long lines take the rows they need`() {
    var viewport = viewport(numbers(0..<30) + String(repeating: "x", count: 45) + "\nlast\n")
    #expect(shown(viewport, wrapping) == Array(24..<30) + [30, 30, 30, 31])
    viewport.scroll(by: -2, wrapping)
    #expect(shown(viewport, wrapping) == Array(22..<30) + [30, 30])
    viewport.scroll(by: 1, wrapping)
    #expect(shown(viewport, wrapping) == Array(23..<30) + [30, 30, 30])
    #expect(!viewport.isFollowing)
    viewport.scroll(by: 1, wrapping)
    #expect(viewport.isFollowing)
  }

  @Test func `a line longer than the screen can be scrolled`() {
    var viewport = viewport("first\n" + String(repeating: "日", count: 150) + "\n")
    #expect(viewport.firstShown(wrapping) == LogViewport.RowPosition(index: 1, part: 5))
    viewport.scroll(by: -3, wrapping)
    #expect(viewport.firstShown(wrapping) == LogViewport.RowPosition(index: 1, part: 2))
    viewport.scroll(by: -9, wrapping)
    #expect(viewport.firstShown(wrapping) == LogViewport.RowPosition(index: 0, part: 0))
    viewport.scroll(by: 4, wrapping)
    #expect(viewport.firstShown(wrapping) == LogViewport.RowPosition(index: 1, part: 3))
  }

  @Test func `an unfinished line is last and stays when it is complete`() {
    var viewport = viewport(numbers(0..<50) + "50 %")
    #expect(shown(viewport) == Array(41..<51))
    #expect(viewport.unfinished.count == 1)
    add("\r60 %\nnext\n", to: &viewport, sequence: 2)
    #expect(shown(viewport) == Array(42..<52) && viewport.unfinished.isEmpty)
  }

  // MARK: Filtering

  @Test func `a filter applies to existing and later lines`() {
    var viewport = viewport(numbers(0..<100))
    viewport.filter(LineScan.Criteria(patterns: [LinePattern("7")]), search: nil)
    work(&viewport)
    #expect(viewport.count == 19 && shown(viewport) == Array(72..<80) + [87, 97])
    add("line 107\nline 108\n", to: &viewport, sequence: 2)
    #expect(viewport.count == 20)
    #expect(shown(viewport).last == 100)
  }

  @Test func `turning a filter on and off keeps the position`() {
    var viewport = viewport(numbers(0..<1000))
    viewport.show(line: 500, view)
    #expect(shown(viewport).first == 497)
    viewport.filter(LineScan.Criteria(patterns: [LinePattern("0$")]), search: nil)
    work(&viewport)
    #expect(shown(viewport).first == 500)
    viewport.filter(LineScan.Criteria(), search: nil)
    #expect(shown(viewport).first == 497)
  }

  @Test func `streams can be shown separately`() {
    var viewport = viewport("out\n")
    let chunk = Scenes.chunk(2, .standardError, "err\npart")
    viewport.handle(LogUpdate(attempt: LogBookTests.attempt, chunks: [chunk]))
    for (streams, lines, parts) in [
      (StreamChoice.both, 2, 1), (.error, 1, 1), (.output, 1, 0),
    ] {
      viewport.filter(LineScan.Criteria(streams: streams), search: nil)
      work(&viewport)
      #expect(viewport.count == lines && viewport.unfinished.count == parts)
    }
  }

  // MARK: Searching

  @Test func `a search covers everything that is kept`() {
    var viewport = viewport(numbers(0..<1000))
    viewport.search(LinePattern("17"), within: LineScan.Criteria(), seeks: true)
    work(&viewport)
    #expect(viewport.matches?.count == 20)
    // When following, the search starts with the last match.
    #expect(viewport.current == 917 && viewport.ordinal == 20)
    #expect(shown(viewport).contains(917) && !viewport.isFollowing)
    #expect(find(&viewport, forward: true))
    #expect(viewport.current == 17 && viewport.ordinal == 1)
    #expect(!find(&viewport, forward: true))
    #expect(viewport.current == 117)
    #expect(!find(&viewport, forward: false))
    #expect(find(&viewport, forward: false))
    #expect(viewport.current == 917)
  }

  @Test func `while paused a search starts at the visible lines`() {
    var viewport = viewport(numbers(0..<1000))
    viewport.show(line: 400, view)
    viewport.search(LinePattern("17"), within: LineScan.Criteria(), seeks: true)
    work(&viewport)
    #expect(viewport.current == 417)
  }

  @Test func `a match that is visible does not move the view`() {
    var viewport = viewport(numbers(0..<1000))
    viewport.show(line: 500, view)
    let before = shown(viewport)
    viewport.search(LinePattern("line 50"), within: LineScan.Criteria(), seeks: true)
    work(&viewport)
    for _ in 0..<3 {
      #expect(shown(viewport) == before)
      _ = viewport.find(forward: true, view)
    }
  }

  @Test func `a search finds only lines that pass the filter`() {
    var viewport = viewport(numbers(0..<100))
    let criteria = LineScan.Criteria(patterns: [LinePattern("7")])
    viewport.filter(criteria, search: LinePattern("1"))
    work(&viewport)
    #expect(viewport.matches?.count == 2)
  }

  @Test func `without a match the view does not move`() {
    var viewport = viewport(numbers(0..<100))
    viewport.search(LinePattern("nowhere"), within: LineScan.Criteria(), seeks: true)
    work(&viewport)
    #expect(viewport.isFollowing && viewport.current == nil && viewport.ordinal == nil)
    #expect(!find(&viewport, forward: true) && viewport.current == nil)
  }

  @Test func `one step of a search is limited`() {
    var viewport = viewport(numbers(0..<20_000))
    viewport.search(LinePattern("17"), within: LineScan.Criteria())
    viewport.scan(budget: 1000, view)
    #expect(viewport.hasWork)
    #expect((viewport.matches?.next ?? 0) < 100)
    work(&viewport)
    #expect(viewport.matches?.next == 20_000)
  }

  @Test func `discarded matches are no longer found`() {
    var viewport = LogViewport(LogBook(byteLimit: 60_000))
    viewport.search(LinePattern("line 7$"), within: LineScan.Criteria())
    for sequence in 1..<30 { add(numbers(0..<400), to: &viewport, sequence: sequence) }
    let first = viewport.book.store.first
    #expect(first > 5000)
    #expect(viewport.matches?.count == (first..<viewport.book.store.end).count { $0 % 400 == 7 })
    #expect(viewport.matches?[0].map { $0 >= first } == true)
  }

  @Test func `random moves keep the screen full and in order`() {
    var random = Seeded(seed: 3)
    var viewport = viewport("")
    for step in 2..<400 {
      let wide =
        random.next() % 3 == 0 ? String(repeating: "日", count: Int(random.next() % 40)) : ""
      add("row \(step) \(wide)\n", to: &viewport, sequence: step)
      let view = random.next() % 2 == 0 ? self.view : wrapping
      switch random.next() % 6 {
      case 0: viewport.scroll(by: Int(random.next() % 30) - 15, view)
      case 1: viewport.scrollToTop(view)
      case 2: viewport.follow()
      case 3: viewport.show(line: Int(random.next() % 400), view)
      case 4:
        let pattern = LinePattern("\(random.next() % 10)")
        viewport.filter(
          LineScan.Criteria(patterns: random.next() % 2 == 0 ? [pattern] : []), search: pattern)
        work(&viewport)
      default: _ = viewport.find(forward: random.next() % 2 == 0, view)
      }
      let positions = viewport.shown(view)
      #expect(zip(positions, positions.dropFirst()).allSatisfy { $0 < $1 })
      #expect(
        positions.count == view.height
          || positions.first.map { $0.index == 0 && $0.part == 0 } ?? true)
    }
  }
}
