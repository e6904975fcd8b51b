/// A JSON text whose long arrays stay text until their elements are asked for: a file with a
/// hundred thousand objects takes five times its size as `JSON`.
public struct JSONOutline: Sendable {
  /// The value of the text. Deferred arrays are empty in it.
  public let value: JSON
  /// The deferred arrays by key. A key that is repeated has its last value, as in `JSONObject`.
  public let lists: [String: JSONList]

  /// Checks the whole text, and defers arrays under these keys of its outermost object.
  public init(parsing bytes: [UInt8], deferring keys: Set<String>) throws(JSONSyntaxError) {
    var starts: [String: [Int]] = [:]
    value = try bytes.withUnsafeBufferPointer { buffer throws(JSONSyntaxError) in
      var parser = JSONParser(bytes: buffer)
      return try parser.parseOutline(deferring: keys, lists: &starts)
    }
    lists = starts.mapValues { JSONList(bytes: bytes, starts: $0) }
  }
}

/// The elements of an array in a JSON text that has been checked. Each access parses the element.
public struct JSONList: Sendable, RandomAccessCollection {
  private let bytes: [UInt8]
  private let starts: [Int]

  public init() {
    bytes = []
    starts = []
  }

  init(bytes: [UInt8], starts: [Int]) {
    self.bytes = bytes
    self.starts = starts
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { starts.count }

  public subscript(position: Int) -> JSON {
    bytes.withUnsafeBufferPointer { buffer in
      var parser = JSONParser(bytes: buffer)
      parser.offset = starts[position]
      // The text was checked, so this cannot fail.
      return (try? parser.parseValue()) ?? .null
    }
  }
}
