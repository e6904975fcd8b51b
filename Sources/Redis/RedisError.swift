/// An error of a Redis: what happened, where (never with a password), and what to do.
public struct RedisError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: Sendable, Equatable {
    /// No connection; a retry may help.
    case connect
    /// Reading or writing failed on a working connection.
    case io
    /// The connection was lost, or closed on our side.
    case closed
    /// The reply is not Redis' protocol.
    case `protocol`
    /// An error reply; `message` begins with its code, for example `WRONGTYPE`.
    case server
    case badURL
    case unsupported
    /// A certificate is refused, or its file cannot be used, or the server has no TLS.
    case tls
    /// No server program is installed, or it does not start.
    case serverMissing
    case timeout
  }

  public let code: Code
  /// What happened, in one line without control characters, because replies and logs are
  /// untrusted.
  public let message: String
  /// The URL without its password, or empty.
  public let place: String
  /// What the user can do, or empty.
  public let advice: String

  public init(_ code: Code, _ message: String, at place: String = "", advice: String = "") {
    self.code = code
    self.message = RedisError.harmless(message)
    self.place = place
    self.advice = advice
  }

  public var description: String {
    (place.isEmpty ? "" : "Redis at \(place): ") + message + (advice.isEmpty ? "" : "; \(advice)")
  }

  static func harmless(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
      scalar.value < 32 || (127..<160).contains(scalar.value) ? "?" : scalar
    }
    return String(String.UnicodeScalarView(scalars))
  }

  /// Whether reconnecting may help.
  public var isConnectionLoss: Bool {
    switch code {
    case .connect, .io, .closed, .protocol, .timeout: true
    case .server, .badURL, .unsupported, .tls, .serverMissing: false
    }
  }
}

extension RedisError {
  /// Converts an error reply.
  static func reply(_ text: String, at url: RedisURL) -> RedisError {
    RedisError(.server, text, at: url.description)
  }
}
