/// Where a Redis is and how to log in.
///
/// | form | |
/// |---|---|
/// | `redis://[[user]:password@]host[:port][/db]` | an IPv6 host is in brackets |
/// | `redis+sentinel://[…@]host[:port],…/master[/db]` | sentinels, and their name for a master |
/// | `rediss://…`, `rediss+sentinel://…` | the same with TLS |
/// | `unix://[[user]:password@]/path[?db=n]` | a socket |
///
/// User, password, path and the values after `?` are percent-encoded:
///
/// | value | meaning |
/// |---|---|
/// | `ca`, `cert`, `key` | files for TLS |
/// | `tls` | the name in the certificate, and that a socket has TLS |
/// | `sentinel-user`, `sentinel-password` | the login of sentinels |
/// | `token`, `owner`, `link` | the `identity` of a private server |
public struct RedisURL: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  public enum Endpoint: Sendable, Equatable {
    case tcp(host: String, port: Int)
    case unix(path: String)
    case sentinel(Sentinels)
  }

  /// Sentinels, and the name of the master to ask them for.
  public struct Sentinels: Sendable, Equatable {
    public struct Address: Sendable, Equatable {
      public var host: String
      public var port: Int

      public init(host: String, port: Int) {
        self.host = host
        self.port = port
      }
    }

    public var addresses: [Address]
    public var master: String

    public init(_ addresses: [Address], master: String) {
      self.addresses = addresses
      self.master = master
    }
  }

  public static let defaultPort = 6379
  public static let defaultSentinelPort = 26379
  /// The longest path of a Unix socket, in bytes.
  public static let longestSocketPath = 107

  public var endpoint: Endpoint
  /// The user name; `nil` for Redis' default user.
  public var user: String?
  public var password: String?
  public var database: Int
  /// `nil` for a connection without TLS.
  public var tls: RedisTLS?
  /// The login for the sentinels, which have users of their own.
  public var sentinelUser: String?
  public var sentinelPassword: String?
  /// The identity of a run's own server; `nil` for any other server.
  public var identity: ServerIdentity?

  public init(
    _ endpoint: Endpoint, user: String? = nil, password: String? = nil, database: Int = 0,
    tls: RedisTLS? = nil
  ) {
    self.endpoint = endpoint
    self.user = user
    self.password = password
    self.database = database
    self.tls = tls
  }

  /// For logs and screens: the password is `***`, and everything after `?` but a socket's database
  /// is omitted.
  public var description: String { text(password: password == nil ? nil : "***", query: []) }

  /// Keeps the password out of `dump`.
  public var customMirror: Mirror { Mirror(self, children: ["url": description]) }

  /// The complete URL, **with passwords and token**; `RedisURL(parsing:)` restores it.
  public var text: String {
    text(
      password: password.map(PercentCoding.encode),
      query: tlsQuery + sentinelQuery + identityQuery)
  }

  /// The URL for programs that know only the usual forms: without files and the sentinels' login.
  public var plainText: String {
    text(password: password.map(PercentCoding.encode), query: identityQuery)
  }

  /// Without secrets, but with the files for TLS: for the files of a run.
  public var storedText: String { text(password: password == nil ? nil : "***", query: tlsQuery) }

  /// Whether the URL has a secret, so that it must not be on a command line.
  public var hasSecret: Bool {
    password != nil || sentinelPassword != nil || identity?.token != nil
  }

  /// Whether the URL may be on a command line: it has neither a secret nor files.
  public var fitsCommand: Bool { !hasSecret && text == plainText }

  /// The same URL without any login.
  public var withoutLogin: RedisURL {
    var url = self
    url.user = nil
    url.password = nil
    url.sentinelUser = nil
    url.sentinelPassword = nil
    return url
  }

  private var tlsQuery: [String] {
    guard let tls else { return [] }
    var name = tls.name
    // A socket has no other sign of TLS.
    if case .unix = endpoint { name = name ?? "" }
    return Self.query([
      ("tls", name), ("ca", tls.authority), ("cert", tls.certificate), ("key", tls.key),
    ])
  }

  private var sentinelQuery: [String] {
    Self.query([("sentinel-user", sentinelUser), ("sentinel-password", sentinelPassword)])
  }

  private var identityQuery: [String] {
    guard let identity else { return [] }
    return Self.query([
      ("token", identity.token ?? ""), ("owner", identity.owner.map { "\($0)" }),
      ("link", identity.link),
    ])
  }

  private static func query(_ values: [(name: String, value: String?)]) -> [String] {
    values.compactMap { name, value in value.map { "\(name)=\(PercentCoding.encode($0))" } }
  }

  private func text(password: String?, query: [String]) -> String {
    var login = user.map(PercentCoding.encode) ?? ""
    if let password { login += ":\(password)" }
    if !login.isEmpty { login += "@" }
    let scheme = tls == nil ? "redis" : "rediss"
    let number = database == 0 ? "" : "/\(database)"
    let tail = query.isEmpty ? "" : "?" + query.joined(separator: "&")
    switch endpoint {
    case .tcp(let host, let port):
      return "\(scheme)://\(login)\(Self.text(host)):\(port)\(number)\(tail)"
    case .sentinel(let sentinels):
      let all = sentinels.addresses.map { "\(Self.text($0.host)):\($0.port)" }
      let master = PercentCoding.encode(sentinels.master)
      return "\(scheme)+sentinel://\(login)\(all.joined(separator: ","))/\(master)\(number)\(tail)"
    case .unix(let path):
      let place = PercentCoding.encode(path, keepingSlashes: true)
      let all = (database == 0 ? [] : ["db=\(database)"]) + query
      return "unix://\(login)\(place)" + (all.isEmpty ? "" : "?" + all.joined(separator: "&"))
    }
  }

  private static func text(_ host: String) -> String {
    host.contains(":") ? "[\(host)]" : PercentCoding.encode(host)
  }
}
