import Testing

@testable import TUI

struct ThemeTests {
  @Test func `every state has a glyph of one column and a word of its own`() {
    for ascii in [false, true] {
      let theme = Theme(ascii: ascii)
      let glyphs = TaskAppearance.allCases.map { theme.glyph($0) }
      #expect(Set(glyphs).count == glyphs.count)
      #expect(glyphs.allSatisfy { DisplayWidth.of($0) == 1 })
    }
    #expect(Set(TaskAppearance.allCases.map(\.word)).count == TaskAppearance.allCases.count)
  }

  @Test func `the ASCII theme is ASCII`() {
    let theme = Theme(ascii: true)
    let signs =
      TaskAppearance.allCases.map { theme.glyph($0) } + [
        theme.ellipsis, theme.dot, theme.connected, theme.disconnected, theme.errorMark,
        theme.cursorMark, theme.times, theme.rule, theme.bar.done, theme.bar.running,
        theme.bar.failed, theme.bar.empty,
      ]
    #expect(signs.allSatisfy { $0.unicodeScalars.allSatisfy(\.isASCII) })
    #expect(BoxLines.ascii.vertical.isASCII)
  }

  @Test func `without colours only attributes remain`() {
    #expect(ColorDepth.none.nearest(.palette(9)) == nil)
    var style = Style.plain
    Theme(colors: .none).markCursor(&style)
    #expect(style == Style(.reverse))
  }

  @Test func `a state keeps its colour in the selected row`() {
    for name in [ThemeName.standard, .light, .colorBlindSafe] {
      let theme = Theme(name)
      var (failed, text) = (theme.style(.failed), theme.dim)
      theme.markCursor(&failed)
      theme.markCursor(&text)
      #expect(failed.foreground == theme.style(.failed).foreground)
      #expect(failed.background == text.background)
      #expect(text.foreground != theme.dim.foreground)
    }
  }

  @Test(arguments: [
    (ColorDepth.many, Color.rgb(255, 0, 0), 196), (.many, .palette(208), 208),
    (.sixteen, .palette(208), 9), (.sixteen, .rgb(250, 250, 250), 15), (.eight, .palette(9), 1),
    (.eight, .palette(6), 6), (.eight, .palette(245), 0), (.sixteen, .palette(232), 0),
  ])
  func `a colour becomes one that the terminal has`(depth: ColorDepth, color: Color, index: Int) {
    #expect(depth.nearest(color)?.index == index)
  }

  @Test func `every colour has a nearest one in every depth`() {
    for depth in [ColorDepth.eight, .sixteen, .many] {
      for index in 0...255 {
        let nearest = depth.nearest(.palette(UInt8(index)))?.index ?? -1
        #expect((0..<depth.rawValue).contains(nearest))
      }
      #expect(depth.nearest(.standard) == nil)
    }
  }

  @Test func `the number of colours gives the depth`() {
    let depths = [-1, 2, 8, 16, 88, 256, 1 << 24].map(ColorDepth.init(terminalColors:))
    #expect(depths == [.none, .none, .eight, .sixteen, .sixteen, .many, .many])
  }
}
