import ShellText
import Testing

@Suite struct ShellWordsTests {
  @Test(arguments: [
    ("a  b\tc", ["a", "b", "c"]), ("", []), ("''", [""]), ("a'b c'd", ["ab cd"]),
    (#""a \"b\" \n""#, [#"a "b" \n"#]), (#"a\ b"#, ["a b"]), ("$x * |", ["$x", "*", "|"]),
  ])
  func `a line is split as a shell splits it`(_ line: String, _ words: [String]) {
    #expect(ShellWords.split(line) == words)
  }

  @Test(arguments: ["'open", "\"open", #""a\"#])
  func `an unclosed quote is an error`(_ line: String) {
    #expect(ShellWords.split(line) == nil)
  }

  @Test(arguments: ["plain", "", "a b", "it's", "$HOME", "a;b", "\"", "ü", "a\nb", "--x=1,2"])
  func `a quoted word is split into itself`(_ word: String) {
    #expect(ShellWords.split(ShellWords.quoted(word)) == [word])
  }
}
