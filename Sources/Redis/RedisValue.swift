/// One reply of a Redis server.
public enum RedisValue: Sendable, Equatable {
  case null
  case integer(Int)
  /// A bulk string: any bytes.
  case bytes([UInt8])
  /// A simple string, such as `OK`.
  case status(String)
  case array([RedisValue])
  /// An error reply; its first word is the error's code.
  case error(String)

  /// The text of a bulk or simple string; bytes that are not UTF-8 are repaired.
  public var string: String? {
    switch self {
    case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
    case .status(let text): text
    case .null, .integer, .array, .error: nil
    }
  }

  public var bytes: [UInt8]? {
    switch self {
    case .bytes(let bytes): bytes
    case .status(let text): Array(text.utf8)
    case .null, .integer, .array, .error: nil
    }
  }

  /// The number of an integer reply, or of a string that is a number.
  public var integer: Int? {
    if case .integer(let number) = self { return number }
    return string.flatMap { Int($0) }
  }

  public var array: [RedisValue]? {
    if case .array(let values) = self { return values }
    return nil
  }

  /// The text of an error reply.
  public var errorText: String? {
    if case .error(let text) = self { return text }
    return nil
  }

  public var isNull: Bool { self == .null }
}
