/// Where a Redis is and how to log in.
///
/// `redis://[[user]:password@]host[:port][/db]`, an IPv6 host in brackets, or
/// `unix://[[user]:password@]/path[?db=n]`. User, password and path are percent-encoded.
public struct RedisURL: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  public enum Endpoint: Sendable, Equatable {
    case tcp(host: String, port: Int)
    case unix(path: String)
  }

  public static let defaultPort = 6379
  /// The longest path of a Unix socket, in bytes.
  public static let longestSocketPath = 107

  public var endpoint: Endpoint
  /// `nil` logs in as Redis' default user.
  public var user: String?
  public var password: String?
  public var database: Int

  public init(
    _ endpoint: Endpoint, user: String? = nil, password: String? = nil, database: Int = 0
  ) {
    self.endpoint = endpoint
    self.user = user
    self.password = password
    self.database = database
  }

  /// For logs and screens: the password is `***`.
  public var description: String { text(password: password == nil ? nil : "***") }

  /// Keeps the password out of `dump` too.
  public var customMirror: Mirror { Mirror(self, children: ["url": description]) }

  /// The whole URL, **with the password**; `RedisURL(parsing:)` gives the same value again.
  public var text: String { text(password: password.map(PercentCoding.encode)) }

  private func text(password: String?) -> String {
    var login = user.map(PercentCoding.encode) ?? ""
    if let password { login += ":\(password)" }
    if !login.isEmpty { login += "@" }
    switch endpoint {
    case .tcp(let host, let port):
      let name = host.contains(":") ? "[\(host)]" : PercentCoding.encode(host)
      return "redis://\(login)\(name):\(port)" + (database == 0 ? "" : "/\(database)")
    case .unix(let path):
      let place = PercentCoding.encode(path, keepingSlashes: true)
      return "unix://\(login)\(place)" + (database == 0 ? "" : "?db=\(database)")
    }
  }
}
