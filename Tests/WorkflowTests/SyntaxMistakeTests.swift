import Testing
import Workflow

/// Files that are not JSON, or JSON of another kind: one line with the place.
@Suite struct SyntaxMistakeTests {
  static let texts = [
    Mistake("\u{FEFF}", "error: the file is empty, expected a workflow as JSON"),
    Mistake("7", "error: expected an object with processes and signals, found a number"),
    Mistake("true", "error: expected an object with processes and signals, found a boolean"),
    Mistake(#""w""#, "error: expected an object with processes and signals, found a string"),
    Mistake(
      "{", "error: line 1, column 2: unexpected end of text, expected a key in double quotes"),
    Mistake(
      "{\n", "error: line 2, column 1: unexpected end of text, expected a key in double quotes"),
    Mistake("}", "error: line 1, column 1: unexpected '}', expected a value"),
    Mistake("{} {}", "error: line 1, column 4: unexpected '{' after the JSON value"),
    Mistake(
      "{name: 1}", "error: line 1, column 2: unexpected 'n', expected a key in double quotes"),
    Mistake(
      "{'name': 1}", "error: line 1, column 2: unexpected ''', expected a key in double quotes"),
    Mistake("{\"name\"}", "error: line 1, column 8: unexpected '}', expected ':'"),
    Mistake("{\"name\" = 1}", "error: line 1, column 9: unexpected '=', expected ':'"),
    Mistake("{\"name\":}", "error: line 1, column 9: unexpected '}', expected a value"),
    Mistake(
      "{\"name\":\"w\",}",
      "error: line 1, column 13: unexpected '}', expected a key in double quotes"),
    Mistake("{\"a\":1;\"b\":2}", "error: line 1, column 7: unexpected ';', expected ',' or '}'"),
    Mistake("{\"ins\":[1,]}", "error: line 1, column 11: unexpected ']', expected a value"),
    Mistake("{\"ins\":[1 2]}", "error: line 1, column 11: unexpected '2', expected ',' or ']'"),
    Mistake("{\"ins\":[1}", "error: line 1, column 10: unexpected '}', expected ',' or ']'"),
    Mistake("{\"ins\":[1", "error: line 1, column 10: unexpected end of text, expected ',' or ']'"),
    Mistake("{\"ins\":[...]}", "error: line 1, column 9: unexpected '.', expected a value"),
    Mistake(
      "{\n  // the inputs\n  \"ins\":[]}",
      "error: line 2, column 3: unexpected '/', expected a key in double quotes"),
    Mistake("{\"a\": /* b */ 1}", "error: line 1, column 7: unexpected '/', expected a value"),
    Mistake("{\"a\": True}", "error: line 1, column 7: unexpected 'T', expected a value"),
    Mistake("{\"a\": nul}", "error: line 1, column 7: unexpected 'n', expected a value"),
    Mistake("{\"a\": undefined}", "error: line 1, column 7: unexpected 'u', expected a value"),
    Mistake("{\"a\": NaN}", "error: line 1, column 7: unexpected 'N', expected a value"),
    Mistake("{\"a\": 0x10}", "error: line 1, column 8: unexpected 'x', expected ',' or '}'"),
    Mistake("{\"a\": .5}", "error: line 1, column 7: unexpected '.', expected a value"),
    Mistake("{\"a\": +1}", "error: line 1, column 7: unexpected '+', expected a value"),
    Mistake("{\"a\": 1.}", "error: line 1, column 9: unexpected '}', expected a digit"),
    Mistake("{\"a\": 1e}", "error: line 1, column 9: unexpected '}', expected a digit"),
    Mistake("{\"a\": \"x", "error: line 1, column 9: the text ends inside a string"),
    Mistake(
      "{\"a\": \"x\ny\"}",
      "error: line 1, column 9: a control character in a string must be escaped"),
    Mistake(
      "{\"a\": \"\t\"}",
      "error: line 1, column 8: a control character in a string must be escaped"),
    Mistake("{\"a\": \"\\x41\"}", "error: line 1, column 9: unknown escape: 'x' after a backslash"),
    Mistake("{\"a\": \"\\u12\"}", "error: line 1, column 12: \\u needs four hexadecimal digits"),
    Mistake("name: w\nprocesses: []", "error: line 1, column 1: unexpected 'n', expected a value"),
    Mistake("<?xml version=\"1.0\"?>", "error: line 1, column 1: unexpected '<', expected a value"),
    Mistake("PK\u{3}\u{4}", "error: line 1, column 1: unexpected 'P', expected a value"),
    Mistake(
      String(repeating: "[", count: 100_000),
      "error: line 1, column 257: nested deeper than 256 levels"),
  ]

  @Test(arguments: texts)
  func `a text that is not a workflow is one line`(mistake: Mistake) {
    #expect(lines(mistake.text) == mistake.lines)
  }
}
