import Testing

@testable import TUI

struct LogLineParserTests {
  private func lines(_ bytes: [UInt8]) -> [String] {
    var parser = Lines()
    return parser.feed(bytes).map(\.text)
  }

  @Test(arguments: [
    ("plain\n", "plain"), ("a\tb\n", "a       b"), ("1234567\tb\n", "1234567 b"),
    ("10 %\r20 %\r30 %\n", "30 %"), ("dos\r\n", "dos"), ("old\r\n", "old"),
    ("\u{1B}[31mred\u{1B}[0m\n", "red"), ("\u{1B}[2J\u{1B}[Hhome\n", "home"),
    ("\u{1B}]0;title\u{7}x\n", "x"), ("\u{1B}]0;title\u{1B}\\x\n", "x"),
    ("\u{1B}]52;c;ZXZpbA==\u{7}clip\n", "clip"), ("\u{1B}P1$r0m\u{1B}\\dcs\n", "dcs"),
    ("\u{1B}_apc\u{1B}\\y\n", "y"), ("\u{1B}^pm\u{9C}y\n", "y"), ("\u{1B}Xsos\u{18}y\n", "y"),
    ("\u{1B}(0lqk\n", "lqk"), ("\u{1B}cfull reset\n", "full reset"), ("\u{1B}#8dec\n", "dec"),
    ("\u{9B}31mc1\n", "c1"), ("\u{9D}0;t\u{9C}osc\n", "osc"),
    ("a\u{7}b\u{0}c\u{7F}d\n", "abcd"), ("|\u{8}/\u{8}-\n", "-"),
    ("ab\u{8}\u{8}\u{8}\u{8}c\n", "c"),
    ("ab\u{8}\n", "ab"), ("e\u{301}\u{8}x\n", "x"), ("日\u{8}x\n", "x"),
    ("a\u{1B}[31mb\u{8}\u{8}c\n", "c"), ("50 %\u{8}\u{8}\u{8}\u{8}60 %\n", "60 %"),
    ("long line\rx\tb\n", "x       b"), ("a\r\tb\n", "        b"),
    ("\u{1B}[?1049h\u{1B}[?25lhidden\n", "hidden"), ("\u{1B}[>4;2mxterm\n", "xterm"),
    ("ab\u{202E}cd\u{2066}ef\u{2069}\n", "abcdef"), ("\u{1B}[3", ""), ("\u{1B}\u{1B}[1mx\n", "x"),
    ("\u{1B}]never ends\nnext\n", ""), ("日本\u{1B}[5m語\n", "日本語"), ("\u{1B}[31\u{0}x\n", "x"),
    ("soft\u{AD}hyphen\n", "softhyphen"), ("\u{2028}sep\n", "sep"), ("\n", ""),
  ])
  func `a job's output becomes harmless text`(raw: String, shown: String) {
    #expect(lines(Array(raw.utf8)).first ?? "" == shown)
  }

  @Test(
    arguments: [
      ([0x61, 0xFF, 0x62, 0x0A], "a\u{FFFD}b"), ([0xC3, 0x0A], "\u{FFFD}"),
      ([0xC0, 0xAF, 0x0A], "\u{FFFD}\u{FFFD}"), ([0xE2, 0x82, 0x41, 0x0A], "\u{FFFD}A"),
      ([0xED, 0xA0, 0x80, 0x0A], "\u{FFFD}\u{FFFD}\u{FFFD}"),
      ([0xF4, 0x90, 0x80, 0x80, 0x0A], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
      ([0x9B, 0x33, 0x31, 0x6D, 0x78, 0x0A], "\u{FFFD}31mx"),
    ] as [([UInt8], String)])
  func `bytes that are not UTF-8 become replacement characters`(raw: [UInt8], shown: String) {
    #expect(lines(raw) == [shown])
  }

  @Test func `invalid UTF-8 is repaired as by the standard library`() {
    var random = Seeded(seed: 7)
    for _ in 0..<500 {
      let bytes = (0..<12).map { _ in UInt8(0x80 + random.next() % 0x80) }
      let expected = String(decoding: bytes, as: UTF8.self).unicodeScalars
        .filter { !DisplayWidth.isInvisible($0) && $0.properties.generalCategory != .control }
      var parser = Lines()
      let shown = parser.feed(bytes + [0x0A])[0].text.unicodeScalars
      if !expected.contains(where: { (0x80..<0xA0).contains($0.value) }),
        String(decoding: bytes, as: UTF8.self).unicodeScalars
          .allSatisfy({ !(0x80..<0xA0).contains($0.value) })
      {
        #expect(Array(shown) == Array(expected), "\(bytes)")
      }
    }
  }

  @Test func `colours continue over line ends`() {
    var parser = Lines()
    let lines = parser.feed(Array("a\u{1B}[1;31mb\nc\u{1B}[md\n".utf8))
    let red = Style(foreground: .palette(1), .bold)
    #expect(lines[0].runs == [Run("a"), Run("b", red)])
    #expect(lines[1].runs == [Run("c", red), Run("d")])
  }

  @Test(arguments: [
    ([38, 5, 208], Style(foreground: .palette(208))),
    ([48, 2, 1, 2, 3], Style(background: .rgb(1, 2, 3))),
    ([95], Style(foreground: .palette(13))), ([1, 22], .plain),
    ([7, 4], Style([.reverse, .underline])),
    ([31, 39], .plain), ([38, 5], .plain), ([38, 2, 999, 0, 0], .plain), ([5, 8], .plain),
    ([], .plain),
  ])
  func `colour sequences become styles`(parameters: [Int], style: Style) {
    var applied = Style.plain
    applied.apply(sgr: parameters)
    #expect(applied == style)
  }

  @Test func `pieces of any size give the same lines`() {
    let raw = Array("a\u{1B}[31m日本\r\u{1B}]0;x\u{7}done\t✔\n\u{9B}1mx\nlast".utf8)
    var whole = Lines()
    let expected = whole.feed(raw)
    for size in 1...7 {
      var parser = Lines()
      var lines: [Line] = []
      for start in stride(from: 0, to: raw.count, by: size) {
        lines += parser.feed(Array(raw[start..<min(start + size, raw.count)]))
      }
      #expect(lines == expected)
      #expect(parser.unfinished == whole.unfinished)
    }
  }

  @Test func `an unfinished line can be shown`() {
    var parser = Lines()
    _ = parser.feed(Array("done\n 45 %".utf8))
    #expect(parser.unfinished?.text == " 45 %")
    _ = parser.feed(Array("\r 46 %".utf8))
    #expect(parser.unfinished?.text == " 46 %")
  }

  @Test func `the length of a line is limited`() {
    var parser = Lines()
    for _ in 0..<100 { _ = parser.feed(Array(repeating: 0x78, count: 1000)) }
    #expect((parser.unfinished?.width ?? 0) <= LogLineParser.maximumColumns + 10)
    #expect(parser.feed([0x0A]).first?.text.hasSuffix("x [cut]") == true)
  }

  @Test func `the number of zero-width marks in a line is limited`() {
    var parser = Lines()
    for _ in 0..<100 { _ = parser.feed(Array(String(repeating: "\u{301}", count: 1000).utf8)) }
    #expect((parser.unfinished?.text.utf8.count ?? 0) <= LogLineParser.maximumBytes + 4)
  }

  @Test func `a backspace keeps the colours right`() {
    var parser = Lines()
    let line = parser.feed(Array("\u{1B}[31mab\u{1B}[32mc\u{8}\u{8}d\u{1B}[0me\n".utf8))[0]
    let red = Style(foreground: .palette(1))
    #expect(line.runs == [Run("a", red), Run("d", Style(foreground: .palette(2))), Run("e")])
  }

  @Test func `random bytes never give a control character`() {
    var random = Seeded(seed: 11)
    for _ in 0..<300 {
      var parser = Lines()
      let bytes = (0..<200).map { _ in
        random.next() % 4 == 0 ? 0x1B : UInt8(truncatingIfNeeded: random.next())
      }
      for line in parser.feed(bytes + [0x0A]) + [parser.unfinished ?? Line()] {
        #expect(line.text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
        #expect(line.width == DisplayWidth.of(line.text))
      }
    }
  }
}
