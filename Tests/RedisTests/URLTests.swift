import Redis
import Testing

@Suite struct URLTests {
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
    "redis://:secret", "redis://me:secret", "http://me:secret@host", "rediss://me:secret@host",
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

  @Test func `TLS is refused with a way out`() {
    let error = #expect(throws: RedisError.self) { try RedisURL(parsing: "rediss://host") }
    #expect(error?.code == .unsupported)
    #expect(error?.description.contains("TLS") == true)
    #expect(error?.description.contains("stunnel") == true)
    #expect(error?.description.contains("ssh -L") == true)
  }
}
