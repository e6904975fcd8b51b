import JSONValue

/// Splits a stream of bytes into JSON objects. Parts may end anywhere.
struct JSONStream {
  private var bytes: [UInt8] = []
  /// How many of `bytes` have been scanned.
  private var place = 0
  private var depth = 0
  private var isString = false
  private var isEscaped = false

  /// The largest accepted object, in bytes. A pod has about 10 kB.
  private static let limit = 16 << 20

  /// The objects that these bytes complete. Invalid JSON is left out.
  mutating func add(_ part: some Sequence<UInt8>) -> [JSON] {
    bytes += part
    var objects: [JSON] = []
    var start = 0
    while place < bytes.count {
      let isEnd = step(bytes[place])
      place += 1
      guard isEnd else { continue }
      if let json = try? JSON(parsing: Array(bytes[start..<place])) { objects.append(json) }
      start = place
    }
    bytes.removeFirst(start)
    place -= start
    if bytes.count > Self.limit { self = JSONStream() }
    return objects
  }

  /// Whether an object of the top level ends with this byte.
  private mutating func step(_ byte: UInt8) -> Bool {
    if isString {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isString = false
      }
      return false
    }
    switch byte {
    case UInt8(ascii: "\""): isString = depth > 0
    case UInt8(ascii: "{"): depth += 1
    case UInt8(ascii: "}"):
      depth = max(0, depth - 1)
      return depth == 0
    default: break
    }
    return false
  }
}
