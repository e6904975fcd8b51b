/// Why a signed message is rejected.
public enum SignatureError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The message has no signature, but this process has a key.
  case unsigned
  /// The signature is incomplete or invalid.
  case malformed(String)
  /// The content, the ids or the expiry were changed, or the key is another one.
  case altered
  /// Milliseconds since 1970.
  case expired(at: Int, now: Int)
  /// The message was already received.
  case replayed

  public var description: String {
    switch self {
    case .unsigned:
      "it is not signed, and here a signing key is set; give the engine the same key"
    case .malformed(let text): "its signature cannot be read: \(text)"
    case .altered:
      "its signature does not match: it was altered, or signed with another key"
    case .expired(let time, let now):
      "its signature expired \((now - time) / 1000) s ago; check the clocks of both hosts"
    case .replayed: "it was sent before: the same signature was already used"
    }
  }
}

/// The expiry of a signature, and what is needed to verify it.
struct SignatureData {
  let expires: Int
  let mac: String

  func check(
    with key: SigningKey, _ parts: [[UInt8]], now: Int
  ) throws(SignatureError) {
    // Verify the MAC first: the expiry of a forged message means nothing.
    guard key.isValid(mac, of: parts) else { throw .altered }
    guard now < expires else { throw .expired(at: expires, now: now) }
  }
}
