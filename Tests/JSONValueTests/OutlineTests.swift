import JSONValue
import Testing

@Suite struct OutlineTests {
  private static func outline(_ text: String) throws -> JSONOutline {
    try JSONOutline(parsing: Array(text.utf8), deferring: ["a", "b"])
  }

  @Test func `deferred arrays have their elements in order`() throws {
    let outline = try Self.outline(#" {"x":[1],"a":[ {"k":[1,"]"]} , [], "s\"", -1.5],"b":[]} "#)
    #expect(outline.value == ["x": [1], "a": [], "b": []])
    #expect(
      Array(outline.lists["a"] ?? JSONList()) == [["k": [1, "]"]], [], "s\"", -1.5])
    #expect(outline.lists["b"]?.isEmpty == true)
    #expect(outline.lists["x"] == nil)
  }

  @Test func `texts with escapes and other letters are skipped whole`() throws {
    let outline = try Self.outline(#"{"a":[{"\"é\u00e9]":"}é\\"},"\n","é","\"]"]}"#)
    #expect(Array(outline.lists["a"] ?? JSONList()) == [["\"éé]": #"}é\"#], "\n", "é", "\"]"])
  }

  @Test func `a text in a deferred element that is not UTF-8 has its place`() {
    let bytes = Array(#"{"a":[{"k":""#.utf8) + [0xFF] + Array(#""}]}"#.utf8)
    let expected = #expect(throws: JSONSyntaxError.self) { try JSON(parsing: bytes) }
    let found = #expect(throws: JSONSyntaxError.self) {
      try JSONOutline(parsing: bytes, deferring: ["a"])
    }
    #expect(found == expected && found?.isEncoding == true)
  }

  @Test func `a repeated key has its last value`() throws {
    let twice = try Self.outline(#"{"a":[1],"a":[2,3]}"#)
    #expect(Array(twice.lists["a"] ?? JSONList()) == [2, 3])
    let other = try Self.outline(#"{"a":[1],"a":5}"#)
    #expect(other.lists["a"] == nil)
    #expect(other.value == ["a": 5])
  }

  @Test func `only arrays of the outermost object are deferred`() throws {
    let outline = try Self.outline(#"{"x":{"a":[1]},"a":{"b":[2]}}"#)
    #expect(outline.lists.isEmpty)
    #expect(outline.value == ["x": ["a": [1]], "a": ["b": [2]]])
    #expect(try Self.outline("[1]").value == [1])
  }

  @Test(arguments: [
    #"{"a":[1,]}"#, #"{"a":[{"k" 1}]}"#, #"{"a":["\x"]}"#, #"{"a":[1]"#, #"{"a":[01]}"#,
    #"{"a":[1]} x"#, #"{"a":[tru]}"#, #"{"a":[{"\x":1}]}"#, #"{"a":["é\x"]}"#, #"{"a":["é]}"#,
    "{\"a\":[\"\u{1}\"]}", "",
    #"{"a":"# + String(repeating: "[", count: 300),
  ])
  func `an error in a deferred element has its place`(text: String) throws {
    let expected = #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text) }
    let found = #expect(throws: JSONSyntaxError.self) { try Self.outline(text) }
    #expect(found == expected)
  }

  @Test func `isIdentical also compares the order of keys`() throws {
    let one = try JSON(parsing: #"{"a":[1,"é"],"b":2}"#)
    #expect(one.isIdentical(to: one))
    let turned = try JSON(parsing: #"{"b":2,"a":[1,"é"]}"#)
    #expect(one == turned && !one.isIdentical(to: turned))
    let decomposed = try JSON(parsing: "{\"a\":[1,\"e\u{301}\"],\"b\":2}")
    #expect(one == decomposed && !one.isIdentical(to: decomposed))
    #expect(!one.isIdentical(to: ["a": [1], "b": 2]))
  }
}
