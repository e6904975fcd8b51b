import JSONValue
import TestSupport
import Testing

/// Expected texts are what `node -p 'String(x)'` prints.
@Suite struct NumberTests {
  @Test(arguments: [
    (1e-5, "0.00001"), (1e-6, "0.000001"), (1e-7, "1e-7"), (1.5e-7, "1.5e-7"),
    (0.0003, "0.0003"), (0.1, "0.1"), (-0.25, "-0.25"), (123.456, "123.456"),
    (1e15, "1000000000000000"), (1e16, "10000000000000000"), (1e20, "100000000000000000000"),
    (1e21, "1e+21"), (1.5e300, "1.5e+300"), (-1e-300, "-1e-300"),
    (Double.leastNonzeroMagnitude, "5e-324"),
    (12_345_678_901_234_567_168.0, "12345678901234567000"), (-0.0, "0"), (100.0, "100"),
    (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"), (0.1 + 0.2, "0.30000000000000004"),
  ])
  func `a double is written as JavaScript writes it`(value: Double, text: String) {
    #expect(JSON.double(value).text == text)
    #expect(JSON(number: value).displayText == text)
  }

  @Test func `NaN and infinity become null`() {
    #expect(JSON.double(.nan).text == "null")
    #expect(JSON.double(.infinity).text == "null")
  }

  @Test(arguments: [
    ("0", JSON.int(0)), ("-0", .int(0)), ("-7", .int(-7)),
    ("999999999999999", .int(999_999_999_999_999)),
    ("-999999999999999", .int(-999_999_999_999_999)),
    ("1234567890123456", .int(1_234_567_890_123_456)), ("3.0", .int(3)), ("2e3", .int(2000)),
    ("9007199254740992", .int(9_007_199_254_740_992)), ("1.5", .double(1.5)),
    ("3.0E-4", .double(0.0003)), ("1e2", .int(100)), ("1E+2", .int(100)),
    ("9007199254740993", .int(9_007_199_254_740_992)),
    ("12345678901234567890", .double(12_345_678_901_234_567_168)), ("1e999", .double(.infinity)),
  ])
  func `a number is read as JavaScript reads it`(text: String, value: JSON) throws {
    #expect(try JSON(parsing: text) == value)
  }

  @Test func `every double can be written and read back`() throws {
    var generator = SeededRandom(seed: 7)
    for _ in 0..<2_000 {
      let value = Double(bitPattern: generator.next())
      guard value.isFinite else { continue }
      #expect(try JSON(parsing: JSON.double(value).text).double == value)
    }
  }
}
