public import JobProtocol

/// The secret shared by an engine, its executors and its watchers; docs/protocol.md has the
/// exact bytes of signatures.
///
/// Neither its description nor its mirror shows the secret.
public struct SigningKey: Sendable, CustomStringConvertible, CustomReflectable {
  /// Shorter secrets can be guessed.
  public static let shortest = 16

  private let key: [UInt8]

  /// Spaces and line ends around the secret are removed.
  public init(_ secret: some Sequence<UInt8>) throws(SigningKeyError) {
    let isBlank: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
    let trimmed = Array(secret.drop(while: isBlank)).reversed().drop(while: isBlank)
    let bytes = Array(trimmed.reversed())
    guard bytes.count >= SigningKey.shortest else {
      throw SigningKeyError(
        "the signing key has \(bytes.count) bytes, at least \(SigningKey.shortest) are needed; "
          + "make one with: head -c 32 /dev/urandom | base64")
    }
    key = bytes
  }

  public var description: String { "***" }
  public var customMirror: Mirror { Mirror(self, children: []) }

  /// A value that shows whether a run continues with its key, and reveals nothing of the key.
  public func fingerprint(of run: RunID) -> String {
    String(code(of: [Array("hf-key-1".utf8), Array(run.text.utf8)]).prefix(32))
  }

  /// HMAC-SHA-256 of the parts, in hexadecimal. Each part is prefixed by its length, so
  /// different lists never give the same bytes.
  func code(of parts: [[UInt8]]) -> String {
    Hexadecimal.text(MessageCode.code(of: SigningKey.frame(parts), key: key))
  }

  /// Compares in constant time.
  func isValid(_ code: String, of parts: [[UInt8]]) -> Bool {
    guard let bytes = Hexadecimal.bytes(code) else { return false }
    return MessageCode.isValid(bytes, of: SigningKey.frame(parts), key: key)
  }

  /// `<length>:<bytes>,` for each part.
  private static func frame(_ parts: [[UInt8]]) -> [UInt8] {
    parts.flatMap { Array("\($0.count):".utf8) + $0 + [UInt8(ascii: ",")] }
  }
}

/// Why a secret cannot be used; never contains the secret.
public struct SigningKeyError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

enum Hexadecimal {
  private static let digits = Array("0123456789abcdef".utf8)

  static func text(_ bytes: some Sequence<UInt8>) -> String {
    let characters = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: characters, as: UTF8.self)
  }

  /// `nil` unless the text is pairs of lower-case digits.
  static func bytes(_ text: String) -> [UInt8]? {
    let values = text.utf8.map { digits.firstIndex(of: $0).map(UInt8.init) }
    guard values.count.isMultiple(of: 2) else { return nil }
    var result: [UInt8] = []
    for place in stride(from: 0, to: values.count, by: 2) {
      guard let high = values[place], let low = values[place + 1] else { return nil }
      result.append(high << 4 | low)
    }
    return result
  }
}

/// The source of a signing key for every program: a private file, else the environment.
extension SigningKey {
  public static let variable = "HFLOW_SIGNING_KEY"
  public static let option = "--signing-key-file"

  /// The key in the file, else the value of the variable; `nil` if there is neither. `read`
  /// returns the bytes of a private file.
  public static func load<Failure: Error>(
    file: String?, variable value: String?, read: (String) throws(Failure) -> [UInt8]
  ) throws(SigningKeyError) -> SigningKey? {
    if let file { return try key(in: file, read) }
    guard let value, !value.isEmpty else { return nil }
    do throws(SigningKeyError) {
      return try SigningKey(value.utf8)
    } catch {
      throw SigningKeyError("\(variable): \(error)")
    }
  }

  private static func key<Failure: Error>(
    in file: String, _ read: (String) throws(Failure) -> [UInt8]
  ) throws(SigningKeyError) -> SigningKey {
    let bytes: [UInt8]
    do throws(Failure) {
      bytes = try read(file)
    } catch {
      throw SigningKeyError("\(option): \(error)")
    }
    do throws(SigningKeyError) {
      return try SigningKey(bytes)
    } catch {
      throw SigningKeyError("\(option) \(file): \(error)")
    }
  }
}
