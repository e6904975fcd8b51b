/// Why a connection with TLS is not possible, and what to do.
///
/// | OpenSSL says | it means |
/// |---|---|
/// | a verification that fails for the name or address | the certificate is for another name |
/// | … because no authority is known | signed by somebody who is not trusted |
/// | … for its dates | expired, or not valid yet |
/// | … for another reason | its words |
/// | that the server demands a certificate | one must be given |
/// | an alert of the server | it refuses this client's certificate, or something else |
/// | that these bytes are not TLS | another kind of server |
/// | nothing: the connection ended in the handshake | perhaps a server without TLS |
struct TLSFailure: Error, Equatable {
  let text: String
  let advice: String
  /// Whether another attempt may succeed without a change: the connection was lost.
  var isConnectionLoss = false

  static let outOfMemory = TLSFailure(text: "OpenSSL is out of memory", advice: "")

  static func file(_ path: String, _ reason: String) -> TLSFailure {
    TLSFailure(text: "\(path) cannot be used for TLS: \(reason)", advice: "")
  }

  static func ended(errno code: Int32) -> TLSFailure {
    TLSFailure(
      text: "the connection ended during the TLS handshake",
      advice: "check that TLS is on at this port", isConnectionLoss: true)
  }
}

extension TLSFailure {
  private static let wrongNames = [62, 64]
  private static let unknownAuthorities = [2, 18, 19, 20, 21, 24, 27, 33]

  /// - Parameters:
  ///   - reason: OpenSSL's error.
  ///   - verification: the result of the verification of the server's certificate; 0 for success.
  ///   - words: that result as text.
  init(
    reason: String, verification: Int, words: String, name: String, _ files: RedisTLS
  ) {
    if verification != 0 {
      self = Self.refusedCertificate(verification, words, name, files)
    } else if reason.contains("alert certificate required")
      || (files.certificate == nil && reason.contains("alert handshake failure"))
    {
      self.init(
        text: "the server demands a certificate of this client",
        advice: "give it with --redis-cert FILE and --redis-key FILE")
    } else if reason.contains("alert"), let certificate = files.certificate {
      self.init(
        text: "the server refuses the certificate \(certificate): \(reason)",
        advice: "check that an authority that it trusts has signed it")
    } else if Self.notTLS.contains(where: reason.contains) {
      self.init(
        text: "it does not speak TLS", advice: "write redis://, or the port at which TLS is on")
    } else if reason.contains("unexpected eof") {
      self = .ended(errno: 0)
    } else {
      self.init(text: "TLS failed: \(reason.isEmpty ? "no reason" : reason)", advice: "")
    }
  }

  private static let notTLS = [
    "wrong version number", "packet length too long", "unknown protocol", "http request",
  ]

  private static func refusedCertificate(
    _ verification: Int, _ words: String, _ name: String, _ files: RedisTLS
  ) -> TLSFailure {
    switch verification {
    case let code where wrongNames.contains(code):
      TLSFailure(
        text: "the server's certificate is not for \(name)",
        advice: "use a name that it has, as the host or as ?tls=NAME")
    case let code where unknownAuthorities.contains(code):
      if let authority = files.authority {
        TLSFailure(
          text: "no authority in \(authority) has signed the server's certificate (\(words))",
          advice: "give the file of the one that has, with --redis-ca FILE")
      } else {
        TLSFailure(
          text: "no authority that this system trusts has signed the server's certificate "
            + "(\(words))",
          advice: "give the file of the one that has, with --redis-ca FILE")
      }
    case 9:
      TLSFailure(
        text: "the server's certificate is not valid yet", advice: "check the clocks of both hosts")
    case 10:
      TLSFailure(text: "the server's certificate has expired", advice: "renew it")
    default:
      TLSFailure(text: "the server's certificate is refused: \(words)", advice: "")
    }
  }

  /// The failure as a Redis error. At the start, `tls` is final, because files and certificates do
  /// not change by themselves. Later, the error counts as an outage.
  func error(at place: String) -> RedisError {
    RedisError(isConnectionLoss ? .connect : .tls, text, at: place, advice: advice)
  }
}
