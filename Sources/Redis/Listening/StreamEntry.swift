/// An entry of a Redis stream.
public struct StreamEntry: Sendable {
  public let stream: String
  /// `<milliseconds>-<number>`
  public let id: String
  /// The fields in the order of XADD; names may repeat.
  public let fields: [(String, [UInt8])]

  public init(stream: String, id: String, fields: [(String, [UInt8])]) {
    self.stream = stream
    self.id = id
    self.fields = fields
  }

  /// The first field with this name.
  public subscript(name: String) -> [UInt8]? { fields.first { $0.0 == name }?.1 }

  /// The first field with this name as text; bytes that are not UTF-8 are repaired.
  public func string(_ name: String) -> String? {
    self[name].map { String(decoding: $0, as: UTF8.self) }
  }

  /// The entries of an XRANGE or XREVRANGE reply. Invalid entries are left out.
  public static func decode(_ reply: RedisValue, stream: String) -> [StreamEntry] {
    (reply.array ?? []).compactMap { entry in
      guard let parts = entry.array, parts.count == 2, let id = parts[0].string,
        let values = parts[1].array
      else { return nil }
      let fields = stride(from: 0, to: values.count - 1, by: 2).map {
        (values[$0].string ?? "", values[$0 + 1].bytes ?? [])
      }
      return StreamEntry(stream: stream, id: id, fields: fields)
    }
  }

  /// The entries of an XREAD reply, of several streams.
  public static func decodeRead(_ reply: RedisValue) -> [StreamEntry] {
    (reply.array ?? []).flatMap { part -> [StreamEntry] in
      guard let pair = part.array, pair.count == 2, let stream = pair[0].string else { return [] }
      return decode(pair[1], stream: stream)
    }
  }
}

/// The id of a stream entry, `<milliseconds>-<number>`.
public struct StreamID: Sendable, Hashable, Comparable, CustomStringConvertible {
  public var milliseconds: UInt64
  public var number: UInt64

  public init(milliseconds: UInt64, number: UInt64) {
    self.milliseconds = milliseconds
    self.number = number
  }

  /// `nil` for other text.
  public init?(parsing text: some StringProtocol) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
      .map { UInt64($0) }
    guard parts.count == 2, let milliseconds = parts[0], let number = parts[1] else { return nil }
    self.init(milliseconds: milliseconds, number: number)
  }

  public var description: String { "\(milliseconds)-\(number)" }

  /// The smallest id after this one.
  public var next: StreamID {
    number == .max
      ? StreamID(milliseconds: milliseconds + 1, number: 0)
      : StreamID(milliseconds: milliseconds, number: number + 1)
  }

  public static func < (left: StreamID, right: StreamID) -> Bool {
    (left.milliseconds, left.number) < (right.milliseconds, right.number)
  }
}
