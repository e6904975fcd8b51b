extension RedisURL {
  /// Throws `badURL`; the message never contains a password.
  public init(parsing text: String) throws(RedisError) {
    guard let scheme = text.split(separator: "://", maxSplits: 1).first, text.contains("://") else {
      throw RedisURL.invalid(text, "it has no scheme")
    }
    let rest = text.dropFirst(scheme.count + 3)
    switch scheme.lowercased() {
    case "redis": try self.init(text, tcp: rest, tls: nil)
    case "rediss": try self.init(text, tcp: rest, tls: RedisTLS())
    case "redis+sentinel": try self.init(text, sentinel: rest, tls: nil)
    case "rediss+sentinel": try self.init(text, sentinel: rest, tls: RedisTLS())
    case "unix": try self.init(text, unix: rest)
    default: throw RedisURL.invalid(text, "the scheme must be redis, rediss or unix")
    }
  }

  private init(_ text: String, tcp rest: Substring, tls: RedisTLS?) throws(RedisError) {
    let (body, query) = RedisURL.cut(rest, "?")
    let (authority, path) = RedisURL.cut(body, "/")
    let (login, address) = RedisURL.splitLogin(authority)
    guard let (host, port) = RedisURL.parseAddress(address, RedisURL.defaultPort) else {
      throw RedisURL.invalid(text, "there must be a host, and a port must be from 1 to 65535")
    }
    let named = path.flatMap { $0.isEmpty ? nil : $0 }
    self.init(.tcp(host: host, port: port), tls: tls)
    try setQuery(query, names: tls == nil ? [] : RedisURL.tlsNames, database: named, in: text)
    try setLogin(login, in: text)
  }

  private init(_ text: String, sentinel rest: Substring, tls: RedisTLS?) throws(RedisError) {
    let (body, query) = RedisURL.cut(rest, "?")
    let (authority, path) = RedisURL.cut(body, "/")
    let (login, list) = RedisURL.splitLogin(authority)
    var addresses: [Sentinels.Address] = []
    for part in list.split(separator: ",", omittingEmptySubsequences: false) {
      guard let (host, port) = RedisURL.parseAddress(part, RedisURL.defaultSentinelPort) else {
        throw RedisURL.invalidSentinel(text, "each sentinel needs a host, and a port up to 65535")
      }
      addresses.append(Sentinels.Address(host: host, port: port))
    }
    let (name, number) = RedisURL.cut(path ?? "", "/")
    guard let master = PercentCoding.decode(name), !master.isEmpty else {
      throw RedisURL.invalidSentinel(text, "the name of the master is missing")
    }
    self.init(.sentinel(Sentinels(addresses, master: master)), tls: tls)
    let names = RedisURL.sentinelNames + (tls == nil ? [] : RedisURL.tlsNames)
    try setQuery(
      query, names: names, database: number.flatMap { $0.isEmpty ? nil : $0 }, in: text)
    try setLogin(login, in: text)
  }

  private init(_ text: String, unix rest: Substring) throws(RedisError) {
    let (body, query) = RedisURL.cut(rest, "?")
    guard let slash = body.firstIndex(of: "/"), let path = PercentCoding.decode(body[slash...]),
      path.count > 1, !path.utf8.contains(0)
    else { throw RedisURL.invalid(text, "a socket needs its absolute path, unix:///path") }
    let (login, address) = RedisURL.splitLogin(body[..<slash])
    guard address.isEmpty else {
      throw RedisURL.invalid(text, "a socket has no host, write unix:///path")
    }
    guard path.utf8.count <= RedisURL.longestSocketPath else {
      throw RedisURL.invalid(
        text, "the socket's path is longer than \(RedisURL.longestSocketPath) bytes")
    }
    self.init(.unix(path: path))
    try setQuery(query, names: RedisURL.identityNames + RedisURL.tlsNames, in: text)
    try setLogin(login, in: text)
  }

  private static let tlsNames = ["tls", "ca", "cert", "key"]
  private static let sentinelNames = ["sentinel-user", "sentinel-password"]
  private static let identityNames = ["token", "owner", "link"]

  /// Parses the part after `?`. Every URL may name its database there.
  private mutating func setQuery(
    _ query: Substring?, names: [String], database number: Substring? = nil, in text: String
  ) throws(RedisError) {
    var known: [String: String] = [:]
    for part in query?.split(separator: "&", omittingEmptySubsequences: false) ?? [] {
      let (name, value) = RedisURL.cut(part, "=")
      guard name == "db" || names.contains(String(name)), known[String(name)] == nil,
        let value = value.flatMap({ PercentCoding.decode($0) }), !value.utf8.contains(0)
      else {
        let listed = RedisURL.tlsNames.contains(String(name)) && tls == nil
        throw RedisURL.invalid(
          text, listed ? "certificates need rediss://" : "only ?db=n may follow the ?")
      }
      known[String(name)] = value
    }
    if number != nil, known["db"] != nil { throw RedisURL.invalid(text, "it names two databases") }
    if let digits = number ?? known["db"]?[...] {
      database = try RedisURL.parseDatabase(digits, in: text)
    }
    try setTLS(known, in: text)
    sentinelUser = known["sentinel-user"]
    sentinelPassword = known["sentinel-password"]
    setIdentity(known)
  }

  private mutating func setTLS(_ known: [String: String], in text: String) throws(RedisError) {
    let isSocket = if case .unix = endpoint { true } else { false }
    if isSocket, known["tls"] == nil, RedisURL.tlsNames.contains(where: { known[$0] != nil }) {
      throw RedisURL.invalid(text, "certificates of a socket need ?tls=NAME")
    }
    guard !isSocket || known["tls"] != nil else { return }
    guard tls != nil || isSocket else { return }
    func value(_ name: String) -> String? { known[name].flatMap { $0.isEmpty ? nil : $0 } }
    tls = RedisTLS(
      authority: value("ca"), certificate: value("cert"), key: value("key"), name: value("tls"))
  }

  private mutating func setIdentity(_ known: [String: String]) {
    guard case .unix(let path) = endpoint,
      known["token"] != nil || ServerIdentity.isImplied(byPath: path)
    else { return }
    let token = known["token"].flatMap { $0.isEmpty ? nil : $0 }
    identity = ServerIdentity(
      token: token, owner: known["owner"].flatMap { UInt32($0) }, link: known["link"])
  }

  private mutating func setLogin(_ login: Substring?, in text: String) throws(RedisError) {
    guard let login else { return }
    let (name, secret) = RedisURL.cut(login, ":")
    guard let user = PercentCoding.decode(name), let password = PercentCoding.decode(secret ?? "")
    else { throw RedisURL.invalid(text, "user and password must be percent-encoded UTF-8") }
    self.user = user.isEmpty ? nil : user
    self.password = password.isEmpty ? nil : password
  }

  /// `host`, `host:port`, `[::1]`, `[::1]:port`
  private static func parseAddress(
    _ address: Substring, _ usualPort: Int
  ) -> (host: String, port: Int)? {
    var host = address
    var portText: Substring?
    if address.first == "[" {
      guard let end = address.firstIndex(of: "]") else { return nil }
      host = address[address.index(after: address.startIndex)..<end]
      let tail = address[address.index(after: end)...]
      guard tail.isEmpty || tail.first == ":", host.contains(":") else { return nil }
      portText = tail.isEmpty ? nil : tail.dropFirst()
    } else {
      (host, portText) = cut(address, ":")
    }
    guard let name = PercentCoding.decode(host), !name.isEmpty, !name.utf8.contains(0),
      !name.contains(where: \.isWhitespace)
    else { return nil }
    guard let portText else { return (name, usualPort) }
    guard let port = number(portText), (1...65535).contains(port) else { return nil }
    return (name, port)
  }

  private static func parseDatabase(
    _ digits: Substring, in text: String
  ) throws(RedisError) -> Int {
    guard let database = number(digits) else {
      throw invalid(text, "the database must be a whole number")
    }
    return database
  }

  /// Digits only: `Int` would accept a sign.
  private static func number(_ digits: Substring) -> Int? {
    digits.utf8.allSatisfy { (48...57).contains($0) } ? Int(digits) : nil
  }

  /// Splits at the first `mark`; the second part is `nil` if there is none.
  private static func cut(_ text: Substring, _ mark: Character) -> (Substring, Substring?) {
    guard let index = text.firstIndex(of: mark) else { return (text, nil) }
    return (text[..<index], text[text.index(after: index)...])
  }

  private static func splitLogin(_ authority: Substring) -> (login: Substring?, rest: Substring) {
    guard let at = authority.lastIndex(of: "@") else { return (nil, authority) }
    return (authority[..<at], authority[authority.index(after: at)...])
  }

  /// Never quotes parts, because any part of an invalid URL may be a password.
  private static func invalid(_ text: String, _ reason: String) -> RedisError {
    RedisError(
      .badURL, "bad Redis URL \"\(masked(text))\": \(reason)",
      advice: "write redis://[[user]:password@]host[:port][/db], rediss:// for TLS, or "
        + "unix:///path[?db=n]")
  }

  private static func invalidSentinel(_ text: String, _ reason: String) -> RedisError {
    RedisError(
      .badURL, "bad Redis URL \"\(masked(text))\": \(reason)",
      advice: "write redis+sentinel://[[user]:password@]host:port,host:port/master[/db]")
  }

  /// The text with everything masked that may be a password.
  static func masked(_ text: String) -> String {
    let start = text.firstRange(of: "://")?.upperBound ?? text.startIndex
    var shown = String(text[..<start])
    let (body, query) = cut(text[start...], "?")
    if let at = body.lastIndex(of: "@") {
      shown += maskedTail(body[..<at]) + body[at...]
    } else if body.hasPrefix("/") || body.hasPrefix("[") {
      shown += body
    } else {
      let (address, path) = cut(body, "/")
      let (_, port) = cut(address, ":")
      shown += port.map { number($0) != nil } ?? true ? String(address) : maskedTail(address)
      if let path { shown += "/" + (number(path) == nil ? "***" : path) }
    }
    if let query {
      let harmless = query.hasPrefix("db=") && !query.contains { "@&".contains($0) }
      shown += "?" + (harmless ? String(query) : "***")
    }
    return shown
  }

  /// `user:secret` → `user:***`; a text without a colon may be a secret as a whole.
  private static func maskedTail(_ login: Substring) -> String {
    login.firstIndex(of: ":").map { "\(login[...$0])***" } ?? "***"
  }
}
