import Testing

@testable import TUI

struct DisplayWidthTests {
  @Test(arguments: [
    ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本語", 6), ("ｶﾅ", 2), ("ＡＢ", 4),
    ("한국", 4), ("\u{1112}\u{1161}", 2), ("🚀", 2), ("👨\u{200D}👩\u{200D}👧", 6), ("✔", 1),
    ("❤\u{FE0F}", 1), ("█░▒", 3), ("│╭", 2), ("…", 1), ("\u{202E}x", 1), ("ก\u{E34}", 1),
    ("\u{5D0}\u{5B0}", 1), ("𠀀", 2), ("⌚", 2), ("\u{FEFF}a", 1),
  ])
  func `the width of text is counted in columns`(text: String, columns: Int) {
    #expect(DisplayWidth.of(text) == columns)
  }

  @Test func `the measured width is the written width`() {
    let texts = ["a日b", "e\u{301}x", "\u{7}bell", "👩‍💻 ok", "한국어", "\u{202E}abc", "x\u{85}y"]
    for text in texts {
      var screen = CellBuffer(Size(columns: 40, rows: 1))
      #expect(screen.write(text, at: Point(column: 0, row: 0)) == DisplayWidth.of(text))
    }
  }

  @Test func `the ranges are ascending and disjoint`() {
    let ranges = DisplayWidth.wideRanges
    for (one, next) in zip(ranges, ranges.dropFirst()) {
      #expect(one.upperBound < next.lowerBound)
    }
  }
}

struct TruncationTests {
  @Test(arguments: [
    ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("abcdef", 1, "…"), ("abcdef", 0, ""),
    ("日本語", 5, "日本…"), ("日本語", 4, "日…"), ("", 0, ""),
  ])
  func `text is cut at its end`(text: String, columns: Int, cut: String) {
    #expect(Truncation.end(text, columns) == cut)
  }

  @Test(arguments: [
    ("mBackground:1017", 16, "mBackground:1017"), ("mBackground:1017", 11, "mBack…:1017"),
    ("mBackground:1017", 2, "m…"), ("mBackground:1017", 1, "…"), ("日本語日本語", 7, "日…語"),
    ("a_long_name:of_parts", 9, "a_lo…arts"),
  ])
  func `names are cut in the middle`(text: String, columns: Int, cut: String) {
    #expect(Truncation.middle(text, columns) == cut)
  }

  @Test(arguments: [
    ("clean:37", 6, "cl…:37"), ("clean:37", 4, "…:37"), ("clean:37", 3, ":37"),
    ("clean:37", 2, "c…"), ("filter:6", 4, "f…:6"), ("mBackground:1017", 7, "m…:1017"),
    ("mBackground:10.12", 8, "m…:10.12"), ("mBackground:1017 #2", 10, "m…:1017 #2"),
    ("a:b:37", 5, "a…:37"),
  ])
  func `the number of a task is never cut`(text: String, columns: Int, cut: String) {
    #expect(Truncation.middle(text, columns) == cut)
  }

  @Test func `cut text always fits`() {
    let texts = ["plain", "日本語の名前", "e\u{301}e\u{301}e\u{301}", "🚀🚀🚀🚀", "\u{1B}[31m", "日本:17"]
    for text in texts {
      for columns in 0..<12 {
        for ellipsis in ["…", "~", "..."] {
          #expect(DisplayWidth.of(Truncation.end(text, columns, ellipsis: ellipsis)) <= columns)
          #expect(DisplayWidth.of(Truncation.middle(text, columns, ellipsis: ellipsis)) <= columns)
        }
      }
    }
  }
}
