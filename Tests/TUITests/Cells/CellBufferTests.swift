import Testing

@testable import TUI

struct CellBufferTests {
  private func buffer(_ columns: Int, _ rows: Int, ascii: Bool = false) -> CellBuffer {
    CellBuffer(Size(columns: columns, rows: rows), ascii: ascii)
  }

  @Test func `text is clipped on every side`() {
    var screen = buffer(4, 2)
    screen.write("abcdef", at: Point(column: -2, row: 0))
    screen.write("xyz", at: Point(column: 2, row: 1))
    screen.write("no", at: Point(column: 0, row: 2))
    screen.write("no", at: Point(column: 0, row: -1))
    #expect(screen.lines == ["cdef", "  xy"])
  }

  @Test func `write stops at the width and returns the number of columns`() {
    var screen = buffer(8, 1)
    #expect(screen.write("abcdef", at: Point(column: 1, row: 0), width: 3) == 3)
    #expect(screen.lines == [" abc"])
  }

  @Test func `a wide character takes two cells and is never cut in half`() {
    var screen = buffer(5, 1)
    #expect(screen.write("日本語", at: Point(column: 0, row: 0)) == 4)
    #expect(screen.lines == ["日本"])
    screen.write("x", at: Point(column: 1, row: 0))
    #expect(screen.lines == [" x本"])
    screen.write("y", at: Point(column: 2, row: 0))
    #expect(screen.lines == [" xy"])
  }

  @Test func `combining marks join the character before them`() {
    var screen = buffer(4, 1)
    #expect(screen.write("e\u{301}a", at: Point(column: 0, row: 0)) == 2)
    #expect(screen[0, 0].text.unicodeScalars.count == 2)
    #expect(screen[1, 0].text == "a")
  }

  @Test func `a mark at the beginning does not change the cell before`() {
    var screen = buffer(4, 1)
    screen.write("a", at: Point(column: 0, row: 0))
    screen.write("\u{301}b", at: Point(column: 1, row: 0))
    #expect(screen[0, 0].text == "a")
  }

  @Test(arguments: ["\u{1B}[31m", "\n", "\r", "\u{7F}", "\u{9B}", "\u{85}", "\u{2028}"])
  func `control characters are never written`(text: String) {
    var screen = buffer(8, 1)
    screen.write("a\(text)b", at: Point(column: 0, row: 0))
    for column in 0..<8 {
      for scalar in screen[column, 0].text.unicodeScalars {
        #expect(scalar.properties.generalCategory != .control)
        #expect(scalar != "\u{2028}")
      }
    }
    #expect(screen[0, 0].text == "a")
  }

  @Test(arguments: [
    "\u{202E}", "\u{2066}", "\u{200D}", "\u{FE0F}", "\u{E0041}", "\u{FEFF}", "\u{AD}",
  ])
  func `invisible characters are removed`(text: String) {
    var screen = buffer(8, 1)
    screen.write("a\(text)b", at: Point(column: 0, row: 0))
    #expect(screen.text == "ab")
    #expect(screen[0, 0].marks.isEmpty)
  }

  @Test func `an ASCII screen has only ASCII`() {
    var screen = buffer(12, 1, ascii: true)
    screen.write("é日e\u{301}✔x", at: Point(column: 0, row: 0))
    #expect(screen.text == "??e?x")
  }

  @Test func `only different cells are changes`() {
    var old = buffer(4, 2)
    old.write("abcd", at: Point(column: 0, row: 0))
    var new = old
    #expect(new.changes(from: old).isEmpty)
    new.write("X", at: Point(column: 2, row: 0))
    #expect(new.changes(from: old).map(\.at) == [Point(column: 2, row: 0)])
    #expect(new.changes(from: nil).count == 8)
    #expect(new.changes(from: buffer(5, 2)).count == 8)
  }

  @Test func `the changes turn one screen into the next`() {
    var old = buffer(6, 1)
    old.write("a日b", at: Point(column: 0, row: 0))
    for text in ["日日日", "ab日", "abcdef", " 日 ", "a日c"] {
      var new = buffer(6, 1)
      new.write(text, at: Point(column: 0, row: 0))
      var shown = old
      for change in new.changes(from: old) {
        shown.write(change.cell.text, at: change.at, style: change.cell.style)
      }
      #expect(shown.lines == new.lines, "\(text)")
    }
  }

  @Test func `a row can be read as runs of one style`() {
    var screen = buffer(4, 1)
    screen.write("ab", at: Point(column: 0, row: 0), style: Style(.bold))
    #expect(screen.runs(ofRow: 0) == [Run("ab", Style(.bold)), Run("  ")])
  }

  @Test func `restyling keeps the characters`() {
    var screen = buffer(3, 1)
    screen.write("abc", at: Point(column: 0, row: 0))
    screen.restyle(Rectangle(column: 1, row: 0, columns: 9, rows: 9)) { style, _ in
      style = Style(.reverse)
    }
    #expect(screen.runs(ofRow: 0) == [Run("a"), Run("bc", Style(.reverse))])
  }
}
