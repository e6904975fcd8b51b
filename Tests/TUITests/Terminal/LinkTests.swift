import Testing

@testable import TUI

struct LinkTests {
  private static let escape = "\u{1B}"

  private func screen(_ text: String, linking name: String?) -> CellBuffer {
    var buffer = CellBuffer(Size(columns: 30, rows: 2))
    buffer.write(text, at: Point(column: 1, row: 1), style: Style(foreground: .palette(75), .bold))
    buffer.link(in: buffer.bounds) { $0 == name ? "file:///w/\($0)" : nil }
    return buffer
  }

  private func painted(_ new: CellBuffer, over old: CellBuffer?) -> String {
    LinkPainter(colors: .many).text(new, over: old, new.changes(from: old))
  }

  @Test func `a whole word becomes a link, in its style`() {
    let buffer = screen("✔ fits.tbl 1.2 kB", linking: "fits.tbl")
    #expect(buffer.shownLinks.map(\.text) == ["fits.tbl"])
    let (open, shut) = ("\(Self.escape)]8;;", "\(Self.escape)\\")
    #expect(
      painted(buffer, over: nil)
        == "\(Self.escape)7\(Self.escape)[2;4H\(open)file:///w/fits.tbl\(shut)"
        + "\(Self.escape)[0;1;38;5;75mfits.tbl\(open)\(shut)\(Self.escape)[0m\(Self.escape)8")
    #expect(screen("fits.tbl.gz", linking: "fits.tbl").shownLinks.isEmpty)
  }

  @Test func `an unchanged link is written once, and a removed link is ended`() {
    let linked = screen("fits.tbl", linking: "fits.tbl")
    let plain = screen("fits.tbl", linking: nil)
    #expect(painted(linked, over: linked) == "")
    #expect(!painted(plain, over: linked).contains("file:"))
    #expect(painted(plain, over: linked).contains("fits.tbl"))
    #expect(painted(plain, over: plain) == "")
  }

  @Test func `what is drawn over a link is no link`() {
    var buffer = screen("fits.tbl", linking: "fits.tbl")
    buffer.write("menu", at: Point(column: 4, row: 1))
    #expect(buffer.shownLinks.isEmpty)
  }

  @Test func `no name can end its sequence`() throws {
    let name = "a;b\u{1B}\\\u{7}\u{9C} c%d\n"
    let uri = try #require(FileAddress.uri("/w/\(name)", host: "no de"))
    #expect(uri.hasPrefix("file://no%20de/w/a%3Bb%1B%5C%07"))
    #expect(uri.utf8.allSatisfy { (0x21...0x7E).contains($0) })
    #expect(FileAddress.uri("relative", host: "") == nil)
  }

  @Test(arguments: [
    (["TERM": "xterm-256color"], false), (["VTE_VERSION": "6800"], true),
    (["VTE_VERSION": "4205"], false), (["TERM": "xterm-kitty"], true), (["TERM": "linux"], false),
    (["TERM_PROGRAM": "iTerm.app"], true), (["KONSOLE_VERSION": "230805"], true),
    (["TMUX": "x", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.4"], true),
    (["TMUX": "x", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.3a"], false),
    (["TMUX": "x", "VTE_VERSION": "6800"], false), (["STY": "x", "VTE_VERSION": "6800"], false),
    (["TERM": "xterm", "FORCE_HYPERLINK": "1"], true),
    (["VTE_VERSION": "6800", "FORCE_HYPERLINK": "0"], false),
  ])
  func `only terminals that know links get them`(environment: [String: String], shows: Bool) {
    #expect(TerminalKind.showsLinks { environment[$0] } == shows)
  }

  @Test func `the files of a task that exist are links`() throws {
    var story = try Story(Workflows.chain)
    story.begin()
    story.finish(try story.startNext())
    let model = story.model(120, 36)
    #expect(model.draw().shownLinks.map(\.text) == ["k7f2"])
    #expect(model.draw().shownLinks.first?.uri == "file:///w")
  }
}
