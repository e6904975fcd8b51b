import Engine
import JobProtocol
import Testing
import Workflow

@testable import TUI

struct LogReaderTests {
  private let room = LogReader.Room(height: 10, columns: 20, wraps: false)
  private let wrapping = LogReader.Room(height: 10, columns: 20, wraps: true)

  private func reader(_ text: String) -> LogReader {
    var reader = LogReader()
    add(text, to: &reader, sequence: 1)
    return reader
  }

  private func add(_ text: String, to reader: inout LogReader, sequence: Int) {
    let chunk = Scenes.chunk(sequence, .standardOutput, text)
    reader.handle(LogUpdate(attempt: LogBookTests.attempt, chunks: [chunk]))
    work(&reader)
  }

  private func work(_ reader: inout LogReader) {
    repeat { reader.work(budget: 500, room) } while reader.hasWork
  }

  private func find(_ reader: inout LogReader, forward: Bool) -> Bool {
    reader.find(forward: forward, room)
  }

  private func numbers(_ range: Range<Int>) -> String { range.map { "line \($0)\n" }.joined() }

  /// The lines on the screen by their numbers.
  private func shown(_ reader: LogReader, _ room: LogReader.Room? = nil) -> [Int] {
    reader.shown(room ?? self.room).map { reader.line(at: $0.index) }
  }

  // MARK: Moving

  @Test func `it follows until somebody scrolls up, and again from the end on`() {
    var reader = reader(numbers(0..<50))
    #expect(reader.isFollowing && shown(reader) == Array(40..<50))
    reader.scroll(by: 3, room)
    #expect(reader.isFollowing)
    reader.scroll(by: -1, room)
    #expect(!reader.isFollowing && shown(reader) == Array(39..<49))
    #expect(reader.countBelow(room) == 1)
    reader.scroll(by: 100, room)
    #expect(reader.isFollowing)
    reader.scrollToTop(room)
    #expect(shown(reader) == Array(0..<10))
    reader.follow()
    #expect(shown(reader) == Array(40..<50))
  }

  @Test func `what is read stays whatever comes in and goes out`() {
    var reader = LogReader(LogBook(byteLimit: 60_000))
    add(numbers(0..<1000), to: &reader, sequence: 1)
    reader.scroll(by: -5, room)
    let before = shown(reader)
    for sequence in 2..<12 {
      add(numbers(0..<400), to: &reader, sequence: sequence)
      #expect(shown(reader) == before)
    }
    #expect(reader.book.store.first > 0)
    #expect(reader.book.refusedLines > 0)
  }

  @Test func `a short log cannot be scrolled away`() {
    var reader = reader("a\nb\n")
    reader.scroll(by: -5, room)
    #expect(reader.isFollowing && shown(reader) == [0, 1])
    reader.scrollToTop(room)
    #expect(reader.isFollowing)
  }

  @Test func `an ending below the lines can be seen`() {
    let reader = reader(numbers(0..<50))
    let withTail = LogReader.Room(height: 10, columns: 20, wraps: false, tail: 1)
    #expect(shown(reader, withTail) == Array(41..<51))
  }

  @Test func `long lines take the rows they need`() {
    var reader = reader(numbers(0..<30) + String(repeating: "x", count: 45) + "\nlast\n")
    #expect(shown(reader, wrapping) == Array(24..<30) + [30, 30, 30, 31])
    reader.scroll(by: -2, wrapping)
    #expect(shown(reader, wrapping) == Array(22..<30) + [30, 30])
    reader.scroll(by: 1, wrapping)
    #expect(shown(reader, wrapping) == Array(23..<30) + [30, 30, 30])
    #expect(!reader.isFollowing)
    reader.scroll(by: 1, wrapping)
    #expect(reader.isFollowing)
  }

  @Test func `a line longer than the screen can be read through`() {
    var reader = reader("first\n" + String(repeating: "日", count: 150) + "\n")
    #expect(reader.firstShown(wrapping) == LogReader.Spot(index: 1, part: 5))
    reader.scroll(by: -3, wrapping)
    #expect(reader.firstShown(wrapping) == LogReader.Spot(index: 1, part: 2))
    reader.scroll(by: -9, wrapping)
    #expect(reader.firstShown(wrapping) == LogReader.Spot(index: 0, part: 0))
    reader.scroll(by: 4, wrapping)
    #expect(reader.firstShown(wrapping) == LogReader.Spot(index: 1, part: 3))
  }

  @Test func `a line under way is below the others and stays when it is done`() {
    var reader = reader(numbers(0..<50) + "50 %")
    #expect(shown(reader) == Array(41..<51))
    #expect(reader.unfinished.count == 1)
    add("\r60 %\nnext\n", to: &reader, sequence: 2)
    #expect(shown(reader) == Array(42..<52) && reader.unfinished.isEmpty)
  }

  // MARK: Filtering

  @Test func `a filter shows what has the text, also of what comes later`() {
    var reader = reader(numbers(0..<100))
    reader.filter(LineScan.Criteria(patterns: [LinePattern("7")]), search: nil)
    work(&reader)
    #expect(reader.count == 19 && shown(reader) == Array(72..<80) + [87, 97])
    add("line 107\nline 108\n", to: &reader, sequence: 2)
    #expect(reader.count == 20)
    #expect(shown(reader).last == 100)
  }

  @Test func `turning a filter on and off stays at what is read`() {
    var reader = reader(numbers(0..<1000))
    reader.show(line: 500, room)
    #expect(shown(reader).first == 497)
    reader.filter(LineScan.Criteria(patterns: [LinePattern("0$")]), search: nil)
    work(&reader)
    #expect(shown(reader).first == 500)
    reader.filter(LineScan.Criteria(), search: nil)
    #expect(shown(reader).first == 497)
  }

  @Test func `streams are told apart`() {
    var reader = reader("out\n")
    let chunk = Scenes.chunk(2, .standardError, "err\npart")
    reader.handle(LogUpdate(attempt: LogBookTests.attempt, chunks: [chunk]))
    for (streams, lines, parts) in [
      (StreamChoice.both, 2, 1), (.error, 1, 1), (.output, 1, 0),
    ] {
      reader.filter(LineScan.Criteria(streams: streams), search: nil)
      work(&reader)
      #expect(reader.count == lines && reader.unfinished.count == parts)
    }
  }

  // MARK: Searching

  @Test func `a search goes through everything that is kept`() {
    var reader = reader(numbers(0..<1000))
    reader.search(LinePattern("17"), within: LineScan.Criteria(), seeks: true)
    work(&reader)
    #expect(reader.matches?.count == 20)
    // Following, it begins with the last one.
    #expect(reader.current == 917 && reader.ordinal == 20)
    #expect(shown(reader).contains(917) && !reader.isFollowing)
    #expect(find(&reader, forward: true))
    #expect(reader.current == 17 && reader.ordinal == 1)
    #expect(!find(&reader, forward: true))
    #expect(reader.current == 117)
    #expect(!find(&reader, forward: false))
    #expect(find(&reader, forward: false))
    #expect(reader.current == 917)
  }

  @Test func `paused, a search goes on from what is read`() {
    var reader = reader(numbers(0..<1000))
    reader.show(line: 400, room)
    reader.search(LinePattern("17"), within: LineScan.Criteria(), seeks: true)
    work(&reader)
    #expect(reader.current == 417)
  }

  @Test func `what is found on the screen does not move it`() {
    var reader = reader(numbers(0..<1000))
    reader.show(line: 500, room)
    let before = shown(reader)
    reader.search(LinePattern("line 50"), within: LineScan.Criteria(), seeks: true)
    work(&reader)
    for _ in 0..<3 {
      #expect(shown(reader) == before)
      _ = reader.find(forward: true, room)
    }
  }

  @Test func `a search finds only what a filter shows`() {
    var reader = reader(numbers(0..<100))
    let criteria = LineScan.Criteria(patterns: [LinePattern("7")])
    reader.filter(criteria, search: LinePattern("1"))
    work(&reader)
    #expect(reader.matches?.count == 2)
  }

  @Test func `nothing found is no reason to move`() {
    var reader = reader(numbers(0..<100))
    reader.search(LinePattern("nowhere"), within: LineScan.Criteria(), seeks: true)
    work(&reader)
    #expect(reader.isFollowing && reader.current == nil && reader.ordinal == nil)
    #expect(!find(&reader, forward: true) && reader.current == nil)
  }

  @Test func `one step of a search does only so much`() {
    var reader = reader(numbers(0..<20_000))
    reader.search(LinePattern("17"), within: LineScan.Criteria())
    reader.work(budget: 1000, room)
    #expect(reader.hasWork)
    #expect((reader.matches?.next ?? 0) < 100)
    work(&reader)
    #expect(reader.matches?.next == 20_000)
  }

  @Test func `what was found and forgotten is not found any more`() {
    var reader = LogReader(LogBook(byteLimit: 60_000))
    reader.search(LinePattern("line 7$"), within: LineScan.Criteria())
    for sequence in 1..<30 { add(numbers(0..<400), to: &reader, sequence: sequence) }
    let first = reader.book.store.first
    #expect(first > 5000)
    #expect(reader.matches?.count == (first..<reader.book.store.end).count { $0 % 400 == 7 })
    #expect(reader.matches?[0].map { $0 >= first } == true)
  }

  @Test func `random moves keep the screen full and in order`() {
    var random = Seeded(seed: 3)
    var reader = reader("")
    for step in 2..<400 {
      let wide =
        random.next() % 3 == 0 ? String(repeating: "日", count: Int(random.next() % 40)) : ""
      add("row \(step) \(wide)\n", to: &reader, sequence: step)
      let room = random.next() % 2 == 0 ? self.room : wrapping
      switch random.next() % 6 {
      case 0: reader.scroll(by: Int(random.next() % 30) - 15, room)
      case 1: reader.scrollToTop(room)
      case 2: reader.follow()
      case 3: reader.show(line: Int(random.next() % 400), room)
      case 4:
        let pattern = LinePattern("\(random.next() % 10)")
        reader.filter(
          LineScan.Criteria(patterns: random.next() % 2 == 0 ? [pattern] : []), search: pattern)
        work(&reader)
      default: _ = reader.find(forward: random.next() % 2 == 0, room)
      }
      let spots = reader.shown(room)
      #expect(zip(spots, spots.dropFirst()).allSatisfy { $0 < $1 })
      #expect(
        spots.count == room.height || spots.first.map { $0.index == 0 && $0.part == 0 } ?? true)
    }
  }
}
