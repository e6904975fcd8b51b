import JSONValue
import Testing

@Suite struct ParserTests {
  @Test func `values of every kind are parsed in order`() throws {
    let json = try JSON(parsing: #" {"b":[1,2.5,"x",true,false,null],"a":{}} "#)
    #expect(json.object?.members.map(\.key) == ["b", "a"])
    #expect(json["b"] == [1, 2.5, "x", true, false, nil])
    #expect(json["a"] == .object(JSONObject()))
  }

  @Test func `a repeated key keeps its first place and its last value`() throws {
    let json = try JSON(parsing: #"{"a":1,"b":2,"a":3}"#)
    #expect(json.text == #"{"a":3,"b":2}"#)
  }

  @Test func `keys that only look the same are different keys`() throws {
    let composed = "\u{E9}"
    let decomposed = "e\u{301}"
    let json = try JSON(parsing: "{\"\(composed)\":1,\"\(decomposed)\":2}")
    #expect(json.object?.count == 2)
    #expect(json[composed] == 1)
    #expect(json[decomposed] == 2)
  }

  @Test func `control characters of terminals are escaped and read back`() throws {
    let text =
      "\u{1B}[1m \u{9B}2J \u{9D}0;x\u{202E} \u{2066}é€\u{00A0}\u{2020}😀\u{7F}\"\\"
      + "\u{AD}\u{61C}\u{200B}\u{200D}\u{2060}\u{206F}\u{FEFF}\u{FEFE}؛"
    let written = JSON.string(text).text
    #expect(
      written
        == #""\u001b[1m \u009b2J \u009d0;x\u202e \u2066é€\#u{00A0}\#u{2020}😀\u007f\"\\"#
        + #"\u00ad\u061c\u200b\#u{200D}\u2060\u206f\ufeff\#u{FEFE}؛""#)
    #expect(try JSON(parsing: written) == .string(text))
  }

  @Test func `escapes are parsed`() throws {
    let json = try JSON(parsing: #""\"\\\/\b\f\n\r\t\u0041\u00e9\uD83D\uDE00""#)
    #expect(json.string == "\"\\/\u{8}\u{C}\n\r\tA\u{E9}\u{1F600}")
  }

  @Test(arguments: [#""\ud800""#, #""\udc00""#, #""\ud800x""#, #""\ud800\u0041""#])
  func `a lone surrogate becomes the replacement character`(text: String) throws {
    #expect(try JSON(parsing: text).string?.unicodeScalars.first == "\u{FFFD}")
  }

  @Test(
    arguments: [
      (Array("\"caf".utf8) + [0xE9] + Array(".txt\"".utf8), "line 1, column 5: byte 0xe9"),
      (Array("{\"a\":\n \"\\n".utf8) + [0xFF, 0x22, 0x7D], "line 2, column 5: byte 0xff"),
      // Overlong, a surrogate, a sequence that is cut, above U+10FFFF.
      ([0x22, 0xC0, 0x80, 0x22], "line 1, column 2: byte 0xc0"),
      ([0x22, 0xED, 0xA0, 0x80, 0x22], "line 1, column 2: byte 0xed"),
      ([0x22, 0x61, 0xE2, 0x82, 0x22], "line 1, column 3: byte 0xe2"),
      ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], "line 1, column 2: byte 0xf4"),
    ] as [([UInt8], String)])
  func `bytes that are not UTF-8 are an error with their place`(bytes: [UInt8], place: String) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSON(parsing: bytes) }
    #expect(error?.description == "\(place) is not UTF-8; save the text as UTF-8")
    #expect(error?.isEncoding == true)
    #expect(JSON.encodingError(in: bytes) == error)
  }

  @Test func `valid sequences of every length are accepted`() throws {
    let text = "a\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFD}\u{10000}\u{10FFFF}"
    #expect(JSON.encodingError(in: Array(text.utf8)) == nil)
    #expect(try JSON(parsing: "\"\\n\(text)\"").string == "\n\(text)")
  }

  @Test(
    arguments: [
      [0xFE, 0xFF, 0, 0x7B, 0, 0x7D], [0xFF, 0xFE, 0x7B, 0, 0x7D, 0], [0, 0x7B, 0, 0x7D],
      [0x7B, 0, 0x7D, 0], [0xFF, 0xFE, 0, 0, 0x7B, 0, 0, 0], [0, 0, 0xFE, 0xFF, 0, 0, 0, 0x7B],
      [0, 0, 0, 0x7B, 0, 0, 0, 0x7D],
    ] as [[UInt8]])
  func `UTF-16 and UTF-32 are named in the error`(bytes: [UInt8]) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSON(parsing: bytes) }
    #expect(
      error?.description
        == "line 1, column 1: the text is UTF-16 or UTF-32; save it as UTF-8")
  }

  @Test func `a NUL is an error at its place`() {
    for (text, place) in [("{\"a\":\u{0}1}", 6), ("{\"a\":\"x\u{0}\"}", 8)] {
      let error = #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text) }
      #expect(error?.column == place)
    }
  }

  @Test func `a byte order mark is skipped and does not count as a column`() throws {
    #expect(try JSON(parsing: [0xEF, 0xBB, 0xBF, 0x31]) == 1)
    let error = #expect(throws: JSONSyntaxError.self) {
      try JSON(parsing: [0xEF, 0xBB, 0xBF, 0x78])
    }
    #expect(error?.column == 1)
  }

  @Test(arguments: [
    ("", "line 1, column 1: the text is empty, expected a JSON value"),
    ("{", "line 1, column 2: unexpected end of text, expected a key in double quotes"),
    ("{\"a\" 1}", "line 1, column 6: unexpected '1', expected ':'"),
    ("{\"a\":1,}", "line 1, column 8: unexpected '}', expected a key in double quotes"),
    ("[1\n 2]", "line 2, column 2: unexpected '2', expected ',' or ']'"),
    ("[1,]", "line 1, column 4: unexpected ']', expected a value"),
    ("{\"a\":1 \"b\"}", "line 1, column 8: unexpected '\"', expected ',' or '}'"),
    ("// c\n{}", "line 1, column 1: unexpected '/', expected a value"),
    ("{} x", "line 1, column 4: unexpected 'x' after the JSON value"),
    ("01", "line 1, column 2: unexpected '1' after the JSON value"),
    ("-", "line 1, column 2: unexpected end of text, expected a digit"),
    ("1.", "line 1, column 3: unexpected end of text, expected a digit"),
    ("1e", "line 1, column 3: unexpected end of text, expected a digit"),
    ("tru", "line 1, column 1: unexpected 't', expected a value"),
    ("\"a", "line 1, column 3: the text ends inside a string"),
    ("\"a\nb\"", "line 1, column 3: a control character in a string must be escaped"),
    ("\"\\x\"", "line 1, column 3: unknown escape: 'x' after a backslash"),
    ("\"\\u12g4\"", "line 1, column 6: \\u needs four hexadecimal digits"),
    ("{\"a\":", "line 1, column 6: the text ends where a value should be"),
    ("\u{1}[2J", "line 1, column 1: unexpected byte 0x1, expected a value"),
  ])
  func `a syntax error says where and what`(text: String, message: String) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text) }
    #expect(error?.description == message)
  }

  @Test func `deep nesting is an error, not a crash`() {
    let deep = String(repeating: "[", count: 100_000)
    let error = #expect(throws: JSONSyntaxError.self) { try JSON(parsing: deep) }
    #expect(error?.problem == "nested deeper than 256 levels")
    let allowed = String(repeating: "[", count: 256) + String(repeating: "]", count: 256)
    #expect(throws: Never.self) { try JSON(parsing: allowed) }
  }

  @Test func `an object with many keys finds, replaces and removes them`() {
    var object = JSONObject((0..<1_000).map { ("key\($0)", .int($0)) })
    object["key500"] = nil
    object["key0"] = "first"
    object["new"] = true
    #expect(object.count == 1_000)
    #expect(object["key500"] == nil)
    #expect(object["key999"] == 999)
    #expect(object.members.first?.value == "first")
    #expect(object.members.last?.key == "new")
  }
}
