import Redis
import Testing

@Suite struct URLTests {
  private static let tcp = RedisURL.Endpoint.tcp(host: "host", port: 6379)

  private static func sentinels(
    _ places: (host: String, port: Int)..., db: Int = 0, tls authority: String? = nil
  ) -> RedisURL {
    let addresses = places.map { RedisURL.Sentinels.Address(host: $0.host, port: $0.port) }
    return RedisURL(
      .sentinel(.init(addresses, master: "jobs")), database: db,
      tls: authority.map { RedisTLS(authority: $0) })
  }

  @Test(arguments: [
    ("redis://host", RedisURL(.tcp(host: "host", port: 6379))),
    ("redis://host:7000/", RedisURL(.tcp(host: "host", port: 7000))),
    ("REDIS://127.0.0.1:7000/3", RedisURL(.tcp(host: "127.0.0.1", port: 7000), database: 3)),
    ("redis://host?db=4", RedisURL(.tcp(host: "host", port: 6379), database: 4)),
    ("redis://[::1]", RedisURL(.tcp(host: "::1", port: 6379))),
    (
      "redis://:pw@[fe80::1]:1/2",
      RedisURL(.tcp(host: "fe80::1", port: 1), password: "pw", database: 2)
    ),
    (
      "redis://me:p%40%3A%2F%25@host",
      RedisURL(.tcp(host: "host", port: 6379), user: "me", password: "p@:/%")
    ),
    ("redis://me@host", RedisURL(.tcp(host: "host", port: 6379), user: "me")),
    ("redis://:@host", RedisURL(.tcp(host: "host", port: 6379))),
    ("unix:///run/redis.sock", RedisURL(.unix(path: "/run/redis.sock"))),
    ("unix:///a%20b?db=1", RedisURL(.unix(path: "/a b"), database: 1)),
    ("unix://me:pw@/run/a@b", RedisURL(.unix(path: "/run/a@b"), user: "me", password: "pw")),
    ("unix://:pw@/s", RedisURL(.unix(path: "/s"), password: "pw")),
    ("rediss://host", RedisURL(.tcp(host: "host", port: 6379), tls: RedisTLS())),
    (
      "rediss://:pw@host:1/2?ca=/a%20b.pem&cert=/c.pem&key=/k.pem&tls=name",
      RedisURL(
        .tcp(host: "host", port: 1), password: "pw", database: 2,
        tls: RedisTLS(authority: "/a b.pem", certificate: "/c.pem", key: "/k.pem", name: "name"))
    ),
    ("rediss://host?db=3&ca=", RedisURL(tcp, database: 3, tls: RedisTLS())),
    ("unix:///s?tls=host", RedisURL(.unix(path: "/s"), tls: RedisTLS(name: "host"))),
    (
      "unix:///s?db=1&tls=&ca=/c",
      RedisURL(.unix(path: "/s"), database: 1, tls: RedisTLS(authority: "/c"))
    ),
    ("redis+sentinel://a/jobs", sentinels(("a", 26379))),
    ("redis+sentinel://a:1,[::1]:2,b/jobs/4", sentinels(("a", 1), ("::1", 2), ("b", 26379), db: 4)),
    ("rediss+sentinel://a/jobs?db=4&ca=/c", sentinels(("a", 26379), db: 4, tls: "/c")),
  ])
  func `a valid URL is parsed and written back`(
    _ text: String, _ url: RedisURL
  ) throws {
    let parsed = try RedisURL(parsing: text)
    #expect(parsed == url)
    #expect(try RedisURL(parsing: parsed.text) == url)
  }

  @Test func `every password can be written and read back`() throws {
    for password in ["p", " ", "@", ":", "/", "a?b#c", "%41", "ü€", "\n", "x@y:z@"] {
      let tcp = RedisURL(.tcp(host: "h", port: 1), user: password, password: password)
      let unix = RedisURL(.unix(path: "/a?b/\(password)"), password: password, database: 7)
      #expect(try RedisURL(parsing: tcp.text) == tcp)
      #expect(try RedisURL(parsing: unix.text) == unix)
    }
  }

  @Test(arguments: [
    "", "host", "host:6379", "://", "redis://", "redis:///3", "redis://:6379", "redis://host:0",
    "redis://host:65536", "redis://host:+1", "redis://host:", "redis://host/x", "redis://host/-1",
    "redis://host/1?db=2", "redis://host?x=1", "redis://[::1", "redis://[host]", "redis://a b",
    "redis://:p%4@host", "redis://:%ff@host", "redis://a:b:c", "redis://::1", "http://host",
    "unix://", "unix://relative", "unix://host/path", "unix:///", "unix:///a%00b",
    "redis://host?ca=/c", "rediss://host?ca", "rediss://host?ca=a&ca=b", "rediss://host/1?db=1",
    "rediss://host?sentinel-user=a", "unix:///a?ca=/c", "rediss://",
    "unix:///a?db=x", "unix:///" + String(repeating: "a", count: 107),
  ])
  func `an invalid URL is refused with what to write instead`(_ text: String) {
    let error = #expect(throws: RedisError.self) { try RedisURL(parsing: text) }
    #expect(error?.code == .badURL)
    #expect(error?.description.contains("redis://[[user]:password@]host") == true)
    #expect(error?.description.contains("\n") == false)
  }

  @Test(arguments: [
    "redis://:secret@", "redis://me:secret@host:port", "redis://secret@:1", "me:secret@host",
    "redis://:secret", "redis://me:secret", "http://me:secret@host",
    "rediss://me:secret@host:x", "rediss://host?secret", "redis+sentinel://:secret@a",
    "redis+sentinel://a/jobs?sentinel-password=secret&x", "redis+sentinel://a,b:secret/jobs",
    "redis://:se/secret@host", "redis://:a@secret@host:x", "redis://host?password=secret",
    "redis://me:a?b@secret@host:x", "unix://me:secret@host/path", "unix://me:secret@",
    "redis://me:x/secret", "redis://me:1/secret", "redis://me:secret/@", "secret@x",
    "redis://a:1?secret@host", "secret://me:secret@host:x",
  ])
  func `no part of a password is in an error`(_ text: String) {
    let error = #expect(throws: RedisError.self) { try RedisURL(parsing: text) }
    let shown = error?.description.replacing("secret://", with: "") ?? ""
    #expect(!shown.contains("secret"), "\(shown)")
  }

  @Test func `the password is hidden in the description only`() throws {
    let url = try RedisURL(parsing: "redis://me:secret@host/2")
    #expect(url.description == "redis://me:***@host:6379/2")
    #expect("\(url)" == url.description)
    #expect(url.text == "redis://me:secret@host:6379/2")
    #expect(!String(reflecting: url).contains("secret"))
    var dumped = ""
    dump(url, to: &dumped)
    #expect(!dumped.contains("secret"))
  }

  @Test(arguments: [
    "redis+sentinel://", "redis+sentinel://a", "redis+sentinel://a/", "redis+sentinel:///jobs",
    "redis+sentinel://a,/jobs", "redis+sentinel://a:0/jobs", "redis+sentinel://a:x,b/jobs",
  ])
  func `an invalid URL of sentinels is refused with what to write instead`(_ text: String) {
    let error = #expect(throws: RedisError.self) { try RedisURL(parsing: text) }
    #expect(error?.code == .badURL)
    #expect(error?.description.contains("host:port,host:port/master[/db]") == true)
  }

  @Test func `files and logins are in the complete URL only`() throws {
    let text =
      "rediss+sentinel://me:secret@a:1,b:2/jobs/3?ca=%2Fc&sentinel-user=u&sentinel-password=hidden"
    let url = try RedisURL(parsing: text)
    #expect(url.sentinelUser == "u" && url.sentinelPassword == "hidden" && url.hasSecret)
    #expect(url.description == "rediss+sentinel://me:***@a:1,b:2/jobs/3")
    #expect(url.plainText == "rediss+sentinel://me:secret@a:1,b:2/jobs/3")
    #expect(url.storedText == "rediss+sentinel://me:***@a:1,b:2/jobs/3?ca=%2Fc")
    #expect(try RedisURL(parsing: url.text) == url)
    #expect(!url.withoutLogin.hasSecret)
    var dumped = ""
    dump(url, to: &dumped)
    #expect(!dumped.contains("secret") && !dumped.contains("hidden"))
  }

  @Test func `options come before the URL, and the environment comes last`() throws {
    let environment = RedisTLS {
      ["HFLOW_REDIS_CA": "/e/ca", "HFLOW_REDIS_CERT": "/e/cert", "HFLOW_REDIS_KEY": ""][$0]
    }
    #expect(environment == RedisTLS(authority: "/e/ca", certificate: "/e/cert"))
    var url = try RedisURL(parsing: "rediss://host?cert=/u/cert&key=/u/key")
    try url.add(options: RedisTLS(), environment: environment)
    #expect(
      url.tls == RedisTLS(authority: "/e/ca", certificate: "/u/cert", key: "/u/key"))
    try url.add(options: RedisTLS(authority: "/o/ca", certificate: "/o/both"))
    #expect(url.tls == RedisTLS(authority: "/o/ca", certificate: "/o/both"))
  }

  @Test func `files for a Redis without TLS are a mistake`() throws {
    var url = try RedisURL(parsing: "redis://host")
    try url.add(options: RedisTLS(), environment: RedisTLS(authority: "/ca"))
    #expect(url.tls == nil)
    let error = #expect(throws: RedisError.self) {
      try url.add(options: RedisTLS(authority: "/ca"))
    }
    #expect(error?.description.contains("write rediss://") == true)
  }
}
