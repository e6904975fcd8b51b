import COpenSSL

/// HMAC-SHA-256 by OpenSSL.
enum MessageCode {
  static let length = 32

  /// The code of a message. Empty if OpenSSL fails: no valid signature is empty.
  static func code(of message: [UInt8], key: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: length)
    var count: UInt32 = 0
    let made = HMAC(
      EVP_sha256(), key, Int32(key.count), message, message.count, &code, &count)
    return made != nil && count == length ? code : []
  }

  /// Compares in constant time.
  static func isValid(_ code: [UInt8], of message: [UInt8], key: [UInt8]) -> Bool {
    let own = self.code(of: message, key: key)
    guard own.count == length, code.count == length else { return false }
    return CRYPTO_memcmp(own, code, length) == 0
  }
}
