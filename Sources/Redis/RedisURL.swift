/// Where a Redis is and how to log in.
///
/// `redis://[[user]:password@]host[:port][/db]`, an IPv6 host in brackets, or
/// `unix://[[user]:password@]/path[?db=n]`. User, password and path are percent-encoded. The
/// URL of a private server also has its `identity`: `?token=…`, `&owner=…`, `&link=…`.
public struct RedisURL: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  public enum Endpoint: Sendable, Equatable {
    case tcp(host: String, port: Int)
    case unix(path: String)
  }

  public static let defaultPort = 6379
  /// The longest path of a Unix socket, in bytes.
  public static let longestSocketPath = 107

  public var endpoint: Endpoint
  /// The user name; `nil` for Redis' default user.
  public var user: String?
  public var password: String?
  public var database: Int
  /// The identity of a run's own server; `nil` for any other server.
  public var identity: ServerIdentity?

  public init(
    _ endpoint: Endpoint, user: String? = nil, password: String? = nil, database: Int = 0
  ) {
    self.endpoint = endpoint
    self.user = user
    self.password = password
    self.database = database
  }

  /// For logs and screens: the password is `***`, and the identity is omitted.
  public var description: String { text(password: password == nil ? nil : "***", query: []) }

  /// Keeps the password out of `dump`.
  public var customMirror: Mirror { Mirror(self, children: ["url": description]) }

  /// The complete URL, **with password and token**; `RedisURL(parsing:)` restores it.
  public var text: String {
    var query: [String] = []
    if let identity {
      query.append("token=\(PercentCoding.encode(identity.token ?? ""))")
      if let owner = identity.owner { query.append("owner=\(owner)") }
      if let link = identity.link { query.append("link=\(PercentCoding.encode(link))") }
    }
    return text(password: password.map(PercentCoding.encode), query: query)
  }

  /// Whether the URL has a secret, so that it must not be on a command line.
  public var hasSecret: Bool { password != nil || identity?.token != nil }

  private func text(password: String?, query: [String]) -> String {
    var login = user.map(PercentCoding.encode) ?? ""
    if let password { login += ":\(password)" }
    if !login.isEmpty { login += "@" }
    switch endpoint {
    case .tcp(let host, let port):
      let name = host.contains(":") ? "[\(host)]" : PercentCoding.encode(host)
      return "redis://\(login)\(name):\(port)" + (database == 0 ? "" : "/\(database)")
    case .unix(let path):
      let place = PercentCoding.encode(path, keepingSlashes: true)
      let all = (database == 0 ? [] : ["db=\(database)"]) + query
      return "unix://\(login)\(place)" + (all.isEmpty ? "" : "?" + all.joined(separator: "&"))
    }
  }
}
