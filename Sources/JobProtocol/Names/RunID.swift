/// The id of a run, which is the `hfId` in the task ids of the original engine.
///
/// It has letters and digits and begins with a letter. The original engine allows a leading `-`,
/// which would be an option on an executor's command line.
public struct RunID: Hashable, Sendable, CustomStringConvertible {
  public let text: String

  public init?(_ text: String) {
    guard let first = text.utf8.first, Self.isLetter(first), text.utf8.count <= 64,
      text.utf8.allSatisfy({ Self.isLetter($0) || Self.isDigit($0) })
    else { return nil }
    self.text = text
  }

  /// A new id from random bits given by the caller: one letter, then letters and digits that are
  /// hard to confuse. Eight characters, 38 bits.
  public init(randomBits: UInt64) {
    let letters = Array("abcdefghjkmnpqrstuvwxyz".utf8)
    let all = letters + Array("23456789".utf8)
    var bits = randomBits
    var characters = [letters[Int(bits % UInt64(letters.count))]]
    bits /= UInt64(letters.count)
    for _ in 0..<7 {
      characters.append(all[Int(bits % UInt64(all.count))])
      bits /= UInt64(all.count)
    }
    text = String(decoding: characters, as: UTF8.self)
  }

  /// The first four characters, which people see and type.
  public var short: String { String(text.prefix(4)) }
  public var description: String { text }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
