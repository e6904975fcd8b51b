import JSONValue
import Testing

@Suite struct WriterTests {
  @Test func `text is one line without spaces`() {
    let json: JSON = ["a": [1, 2.5, nil, true], "b": ["c": "d"]]
    #expect(json.text == #"{"a":[1,2.5,null,true],"b":{"c":"d"}}"#)
  }

  @Test func `control characters are escaped, everything else is kept`() {
    #expect(
      JSON.string("\"\\/\n\r\t\u{8}\u{C}\u{1B}\u{7F}é😀").text
        == #""\"\\/\n\r\t\b\f\u001b\u007fé😀""#)
  }

  @Test func `written text can be read back`() throws {
    let json: JSON = [
      "": "", "\u{0}": ["x", [], JSON.object(JSONObject())], "n": [-1, 0.1, 1e300],
      "é": "\u{2028}",
    ]
    #expect(try JSON(parsing: json.bytes) == json)
    #expect(try JSON(parsing: json.bytes).text == json.text)
  }

  @Test func `display text is what JavaScript's String returns`() {
    #expect(JSON.string("a b").displayText == "a b")
    #expect(JSON.int(3).displayText == "3")
    #expect(JSON.bool(true).displayText == "true")
  }

  @Test func `objects are equal in any order`() {
    let left: JSON = ["a": 1, "b": 2]
    let right: JSON = ["b": 2, "a": 1]
    #expect(left == right)
    #expect(left != ["a": 1])
  }
}
