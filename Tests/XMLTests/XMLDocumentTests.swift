import Testing

@testable import XML

/// Documents of XML, also hostile ones.
struct XMLDocumentTests {
  private func read(_ text: String) throws -> XMLElement {
    try XMLDocument.read(Array(text.utf8))
  }

  @Test func `elements, attributes and text keep their order`() throws {
    let root = try read(
      #"<?xml version="1.0"?><!-- c --><a:top x="1" y="&lt;&#65;"> -i <f n="é"/>&amp;<f/></a:top>"#)
    #expect(root.name == "top")
    #expect(root["x"] == "1" && root["y"] == "<A" && root["z"] == nil)
    #expect(root.elements.map(\.name) == ["f", "f"])
    #expect(root.elements[0]["n"] == "é")
    let parts = root.parts.map { part in
      if case .text(let text) = part { text } else { "f" }
    }
    #expect(parts == [" -i ", "f", "&", "f"])
    #expect(root.text == " -i &")
  }

  @Test func `a long text is one part`() throws {
    let words = String(repeating: "word\n", count: 600_000)
    let root = try read("<a>\(words)</a>")
    #expect(root.parts.count == 1)
    #expect(root.text == words)
  }

  @Test(arguments: [
    ("<a>\n<b></a>", 2, "mismatched tag"), ("", 1, "no element found"),
    ("<a>&nothing;</a>", 1, "undefined entity"), ("<a/><b/>", 1, "junk after document element"),
    ("<a>\u{0}</a>", 1, "not well-formed (invalid token)"), ("{}", 1, "not well-formed"),
  ])
  func `a mistake has its line`(text: String, line: Int, problem: String) {
    let mistake = #expect(throws: XMLDocument.Mistake.self) { try read(text) }
    #expect(mistake?.line == line)
    #expect(mistake?.text.hasPrefix(problem) == true, "\(mistake?.text ?? "")")
  }

  @Test(arguments: [
    #"<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>"#,
    #"<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"#,
    #"<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>"#, "<!DOCTYPE a><a/>",
  ])
  func `a DTD is refused`(text: String) {
    let mistake = #expect(throws: XMLDocument.Mistake.self) { try read("\n" + text) }
    #expect(mistake?.line == 2)
    #expect(mistake?.text == "a DTD (<!DOCTYPE) is not read; remove it")
  }

  @Test(arguments: [101, 1_000_000])
  func `levels are bounded`(count: Int) throws {
    func nested(_ count: Int) -> String {
      String(repeating: "<a>", count: count) + String(repeating: "</a>", count: count)
    }
    #expect(try read(nested(100)).name == "a")
    let mistake = #expect(throws: XMLDocument.Mistake.self) { try read(nested(count)) }
    #expect(mistake?.text == "more than 100 levels")
  }
}
