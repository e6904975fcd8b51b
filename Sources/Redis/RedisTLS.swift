/// The files and the name for a connection with TLS. The server's certificate is always verified.
public struct RedisTLS: Sendable, Equatable {
  /// The certificates of trusted authorities, in PEM form; `nil` for those of the system.
  public var authority: String?
  /// The certificate of this client, in PEM form, followed by the intermediate certificates.
  public var certificate: String?
  /// The key of the client's certificate, in PEM form; `nil` if it is in the same file.
  public var key: String?
  /// The name or address that the server's certificate must have; `nil` for the URL's host.
  public var name: String?

  public init(
    authority: String? = nil, certificate: String? = nil, key: String? = nil, name: String? = nil
  ) {
    self.authority = authority
    self.certificate = certificate
    self.key = key
    self.name = name
  }

  /// The environment variables that name the files. Executors inherit them.
  public static let variables = (
    authority: "HFLOW_REDIS_CA", certificate: "HFLOW_REDIS_CERT", key: "HFLOW_REDIS_KEY"
  )

  /// The files that the variables name.
  public init(environment variable: (String) -> String?) {
    func file(_ name: String) -> String? { variable(name).flatMap { $0.isEmpty ? nil : $0 } }
    self.init(
      authority: file(Self.variables.authority), certificate: file(Self.variables.certificate),
      key: file(Self.variables.key))
  }

  /// The variables for programs that get a URL without files.
  public var environment: [String: String] {
    let all = [
      (Self.variables.authority, authority), (Self.variables.certificate, certificate),
      (Self.variables.key, key),
    ]
    let named = all.compactMap { name, file in file.map { (name, $0) } }
    return Dictionary(uniqueKeysWithValues: named)
  }

  public var hasFiles: Bool { authority != nil || certificate != nil || key != nil }

  /// A copy whose missing files are those of `other`. Certificate and key are only taken together.
  public func filled(from other: RedisTLS) -> RedisTLS {
    RedisTLS(
      authority: authority ?? other.authority, certificate: certificate ?? other.certificate,
      key: certificate == nil ? key ?? other.key : key, name: name ?? other.name)
  }

  /// A copy with absolute paths.
  public func mapFiles(_ absolute: (String) -> String) -> RedisTLS {
    RedisTLS(
      authority: authority.map(absolute), certificate: certificate.map(absolute),
      key: key.map(absolute), name: name)
  }
}

extension RedisURL {
  /// Adds the files of options, which come before those of the URL, and of the environment, which
  /// come last and mean nothing without TLS. Throws `badURL` for options without TLS.
  public mutating func add(
    options: RedisTLS, environment: RedisTLS = RedisTLS()
  ) throws(RedisError) {
    guard let tls else {
      if !options.hasFiles { return }
      throw RedisError(
        .badURL, "certificates need TLS", at: description,
        advice: "write rediss:// or rediss+sentinel://")
    }
    self.tls = options.filled(from: tls).filled(from: environment)
  }

  /// Whether both URLs name the same database of the same server.
  public func isSamePlace(as other: RedisURL) -> Bool {
    endpoint == other.endpoint && database == other.database
      && (tls == nil) == (other.tls == nil)
  }
}
