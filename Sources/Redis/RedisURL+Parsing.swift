extension RedisURL {
  /// Throws `badURL`, or `unsupported` for `rediss://`; the message never contains a
  /// password.
  public init(parsing text: String) throws(RedisError) {
    guard let scheme = text.split(separator: "://", maxSplits: 1).first, text.contains("://") else {
      throw RedisURL.bad(text, "it has no scheme")
    }
    let rest = text.dropFirst(scheme.count + 3)
    switch scheme.lowercased() {
    case "redis": try self.init(text, tcp: rest)
    case "unix": try self.init(text, unix: rest)
    case "rediss":
      throw RedisError(
        .unsupported, "TLS (rediss://) is not supported: \(RedisURL.masked(text))",
        advice: "open a tunnel with stunnel or ssh -L and give redis:// to its local end")
    default: throw RedisURL.bad(text, "the scheme must be redis or unix")
    }
  }

  private init(_ text: String, tcp rest: Substring) throws(RedisError) {
    let (body, query) = RedisURL.cut(rest, "?")
    let (authority, path) = RedisURL.cut(body, "/")
    let (login, address) = RedisURL.splitLogin(authority)
    guard let (host, port) = RedisURL.parseAddress(address) else {
      throw RedisURL.bad(text, "there must be a host, and a port must be from 1 to 65535")
    }
    let named = path.flatMap { $0.isEmpty ? nil : $0 }
    if named != nil, query != nil { throw RedisURL.bad(text, "it names two databases") }
    self.init(.tcp(host: host, port: port))
    database = try RedisURL.parseDatabase(named, query, in: text)
    try setLogin(login, in: text)
  }

  private init(_ text: String, unix rest: Substring) throws(RedisError) {
    let (body, query) = RedisURL.cut(rest, "?")
    guard let slash = body.firstIndex(of: "/"), let path = PercentCoding.decode(body[slash...]),
      path.count > 1, !path.utf8.contains(0)
    else { throw RedisURL.bad(text, "a socket needs its absolute path, unix:///path") }
    let (login, address) = RedisURL.splitLogin(body[..<slash])
    guard address.isEmpty else {
      throw RedisURL.bad(text, "a socket has no host, write unix:///path")
    }
    guard path.utf8.count <= RedisURL.longestSocketPath else {
      throw RedisURL.bad(
        text, "the socket's path is longer than \(RedisURL.longestSocketPath) bytes")
    }
    self.init(.unix(path: path))
    try setQuery(query, in: text)
    try setLogin(login, in: text)
  }

  /// Parses the part after `?` of a socket's URL.
  private mutating func setQuery(_ query: Substring?, in text: String) throws(RedisError) {
    var known: [Substring: String] = [:]
    for part in query?.split(separator: "&", omittingEmptySubsequences: false) ?? [] {
      let (name, value) = RedisURL.cut(part, "=")
      guard ["db", "token", "owner", "link"].contains(name), known[name] == nil,
        let value = value.flatMap({ PercentCoding.decode($0) })
      else { throw RedisURL.bad(text, "only ?db=n may follow the path") }
      known[name] = value
    }
    if let digits = known["db"] {
      database = try RedisURL.parseDatabase(digits[...], nil, in: text)
    }
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
    else { throw RedisURL.bad(text, "user and password must be percent-encoded UTF-8") }
    self.user = user.isEmpty ? nil : user
    self.password = password.isEmpty ? nil : password
  }

  /// `host`, `host:port`, `[::1]`, `[::1]:port`
  private static func parseAddress(_ address: Substring) -> (host: String, port: Int)? {
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
    guard let portText else { return (name, defaultPort) }
    guard let port = number(portText), (1...65535).contains(port) else { return nil }
    return (name, port)
  }

  private static func parseDatabase(
    _ name: Substring?, _ query: Substring?, in text: String
  ) throws(RedisError) -> Int {
    var digits = name
    if let query {
      guard query.hasPrefix("db=") else { throw bad(text, "only ?db=n may follow the ?") }
      digits = query.dropFirst(3)
    }
    guard let digits else { return 0 }
    guard let database = number(digits) else {
      throw bad(text, "the database must be a whole number")
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
  private static func bad(_ text: String, _ reason: String) -> RedisError {
    RedisError(
      .badURL, "bad Redis URL \"\(masked(text))\": \(reason)",
      advice: "write redis://[[user]:password@]host[:port][/db] or unix:///path[?db=n]")
  }

  /// The text with everything hidden that may be a password.
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
