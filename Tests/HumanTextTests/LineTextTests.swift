import HumanText
import Testing

/// Which characters of untrusted text reach a terminal.
struct LineTextTests {
  @Test(arguments: ["plain", "é 日本 العربية", "👩\u{200D}🚀 ❤\u{FE0F}", "a\\b", ""])
  func `harmless text stays unchanged`(text: String) {
    #expect(LineText.safe(text) == text)
  }

  @Test(
    arguments: [
      ("\u{1B}]52;c;Zm9v\u{7}", #"\u{1B}]52;c;Zm9v\u{07}"#), ("a\r\n\tb", #"a\r\n\tb"#),
      ("\u{0}\u{7F}", #"\0\u{7F}"#), ("\u{9B}2J\u{9D}0;x\u{9C}", #"\u{009B}2J\u{009D}0;x\u{009C}"#),
      ("a\u{202A}\u{202E}b", #"a\u{202A}\u{202E}b"#), ("\u{2066}\u{2069}", #"\u{2066}\u{2069}"#),
      ("\u{61C}\u{200B}\u{200E}\u{2060}\u{FEFF}\u{AD}", nil),
      ("\u{115F}\u{3164}\u{FFA0}\u{34F}\u{180B}\u{E0041}\u{E0100}", nil),
      ("\u{2028}\u{2029}", #"\u{2028}\u{2029}"#),
    ] as [(String, String?)])
  func `control, bidirectional and invisible characters are escaped`(
    text: String, shown: String?
  ) {
    let safe = LineText.safe(text)
    if let shown { #expect(safe == shown) }
    #expect(safe.unicodeScalars.allSatisfy { $0.isASCII && $0.value >= 0x20 && $0.value < 0x7F })
    #expect(LineText.safe(safe) == safe)
  }

  @Test func `lines of our own text stay lines`() {
    #expect(LineText.safeLines("a\n\u{1B}b\n") == ["a", #"\u{1B}b"#, ""])
  }
}
