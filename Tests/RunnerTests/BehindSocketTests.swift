import Redis
import Testing

@testable import Runner

/// The URLs of workers that reach Redis through a forwarded socket.
@Suite struct BehindSocketTests {
  @Test(arguments: [
    ("redis://:pw@hub:1/2", "unix://:pw@/s?db=2"),
    ("rediss://hub?ca=/ca", "unix:///s?tls=hub&ca=%2Fca"),
    ("rediss://10.0.0.1?tls=hub", "unix:///s?tls=hub"),
    ("unix:///run/hflow-run-x/redis.sock?token=t", "unix:///s"),
    ("redis+sentinel://a:1,b:2/jobs", "redis+sentinel://a:1,b:2/jobs"),
  ])
  func `the certificate keeps the name of the host`(_ text: String, _ there: String) throws {
    #expect(try RedisURL(parsing: text).behindSocket(at: "/s").text == there)
  }
}
