import Testing

@testable import Report

/// Text put into markup never becomes markup.
struct MarkupTests {
  @Test func `inserted values are escaped`() {
    let name = #"<script>alert("1")</script> & 'more'"#
    let markup: Markup = "<b title=\"\(name)\">\(name)</b>"
    let escaped = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;more&#39;"
    #expect(markup.html == "<b title=\"\(escaped)\">\(escaped)</b>")
  }

  @Test func `inserted markup stays markup`() {
    let inner: Markup = "<i>\("<")</i>"
    let missing: Markup? = nil
    let all: Markup = "\(inner)\([inner, inner])\(missing)"
    #expect(all.html == "<i>&lt;</i><i>&lt;</i><i>&lt;</i>")
  }

  @Test(arguments: [
    (0.0, "0"), (1.0, "1"), (1.5, "1.5"), (0.05, "0.05"), (-2.25, "-2.25"), (1.999, "2"),
    (.infinity, "1000000000"), (12.304, "12.3"),
  ])
  func `lengths are rounded`(length: Double, text: String) {
    #expect(("\(length)" as Markup).html == text)
  }

  @Test func `control characters are replaced`() {
    #expect(("\("a\u{0}b\u{1B}[31m\n")" as Markup).html == "a\u{FFFD}b\u{FFFD}[31m\n")
  }
}
