import Testing

@testable import TUI

/// What terminals send besides plain keys.
struct TerminalSequencesTests {
  private func plain(_ text: String) -> String {
    var sequences = TerminalSequences()
    return String(decoding: sequences.plain(Array(text.utf8)), as: UTF8.self)
  }

  @Test(arguments: [
    ("abc", "abc"), ("\u{1B}", "\u{1B}"), ("\u{1B}[A", "\u{1B}[A"), ("\u{1B}[5~", "\u{1B}[5~"),
    ("\u{1B}[<0;3;4M", "\u{1B}[<0;3;4M"),
    // As kitty and tmux send keys.
    ("\u{1B}[97u", "a"), ("\u{1B}[97;2u", "A"), ("\u{1B}[97:65;2u", "A"), ("\u{1B}[99;5u", "\u{3}"),
    ("\u{1B}[27u", "\u{1B}"), ("\u{1B}[13u", "\r"), ("\u{1B}[13;2u", "\r"),
    ("\u{1B}[9;2u", "\u{1B}[Z"),
    ("\u{1B}[120;3u", "\u{1B}x"), ("\u{1B}[127u", "\u{7F}"), ("\u{1B}[228u", "ä"),
    // A release, a modifier alone, and nonsense.
    ("\u{1B}[97;1:3u", ""), ("\u{1B}[57441;2u", ""), ("\u{1B}[u", ""), ("\u{1B}[1;5u", ""),
    ("\u{1B}[999999999u", ""), ("\u{1B}[55296u", ""),
    // As xterm sends them.
    ("\u{1B}[27;5;99~", "\u{3}"), ("\u{1B}[27;2;65~", "A"), ("x\u{1B}[97uy", "xay"),
  ])
  func `a key is what it means, however it is sent`(sent: String, key: String) {
    #expect(plain(sent) == key)
  }

  @Test(arguments: [("0", false), ("1", true), ("2", true), ("3", true), ("4", false)])
  func `the terminal says whether it updates synchronously`(answer: String, isSynchronous: Bool) {
    var sequences = TerminalSequences()
    #expect(sequences.isSynchronous == nil)
    let bytes = sequences.plain(Array("q\u{1B}[?2026;\(answer)$y".utf8))
    #expect(bytes == Array("q".utf8), "the answer is no key")
    #expect(sequences.isSynchronous == isSynchronous)
  }
}
