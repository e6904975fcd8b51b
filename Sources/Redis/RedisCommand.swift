/// An argument of a command: text, bytes, whole numbers.
public protocol RedisArgument: Sendable {
  var redisBytes: [UInt8] { get }
}

extension String: RedisArgument {
  public var redisBytes: [UInt8] { Array(utf8) }
}

extension Substring: RedisArgument {
  public var redisBytes: [UInt8] { Array(utf8) }
}

extension Int: RedisArgument {
  public var redisBytes: [UInt8] { Array(String(self).utf8) }
}

extension Array: RedisArgument where Element == UInt8 {
  public var redisBytes: [UInt8] { self }
}

/// A command with its arguments.
public struct RedisCommand: Sendable, Equatable {
  public let parts: [[UInt8]]

  public init(_ name: String, _ arguments: any RedisArgument...) {
    self.init([name] + arguments)
  }

  /// The name of the command and its arguments.
  public init(_ parts: [any RedisArgument]) {
    self.parts = parts.map(\.redisBytes)
  }

  /// Only the command's name, because arguments may be secret.
  public var name: String { String(decoding: parts.first ?? [], as: UTF8.self) }

  /// Appends the wire form: `*<count>` and each part as `$<length>`, lines ended by CR LF.
  func encode(into output: inout [UInt8]) {
    let size = parts.reduce(0) { $0 + $1.count + Self.partOverhead }
    // Only for large values: reserving the exact size for each small command would copy the buffer
    // each time.
    if size > Self.largeSize { output.reserveCapacity(output.count + size) }
    RedisCommand.header(UInt8(ascii: "*"), parts.count, into: &output)
    for part in parts {
      RedisCommand.header(UInt8(ascii: "$"), part.count, into: &output)
      output += part
      output.append(13)
      output.append(10)
    }
  }

  private static let largeSize = 1 << 20
  /// The longest length with its mark and both line ends.
  private static let partOverhead = 24

  private static func header(_ mark: UInt8, _ count: Int, into output: inout [UInt8]) {
    output.append(mark)
    output += String(count).utf8
    output.append(13)
    output.append(10)
  }
}
