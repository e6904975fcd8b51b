/// Why something signed is not believed.
public enum SignatureError: Error, Sendable, Equatable, CustomStringConvertible {
  /// There is a key here, and no signature there.
  case unsigned
  /// The signature lacks a part, or a part is not what it should be.
  case malformed(String)
  /// Content, ids or expiry are not those that were signed, or the key is another one.
  case altered
  /// Milliseconds since 1970.
  case expired(at: Int, now: Int)
  /// The very same was there before.
  case replayed

  public var description: String {
    switch self {
    case .unsigned:
      "it is not signed, and here a signing key is set; give the engine the same key"
    case .malformed(let text): "its signature cannot be read: \(text)"
    case .altered:
      "its signature does not fit: it was altered, or signed with another key"
    case .expired(let time, let now):
      "its signature expired \((now - time) / 1000) s ago; check the clocks of both hosts"
    case .replayed: "it was sent before: the same signature comes a second time"
    }
  }
}

/// The moment from which a signature counts no more, and what is needed to check it.
struct Seal {
  let expires: Int
  let mac: String

  func check(
    with key: SigningKey, _ parts: [[UInt8]], now: Int
  ) throws(SignatureError) {
    // The code first: the expiry of what is not ours means nothing.
    guard key.isValid(mac, of: parts) else { throw .altered }
    guard now < expires else { throw .expired(at: expires, now: now) }
  }
}
