import JobProtocol
import Posix
import Redis
import TestSupport
import Testing

@testable import Runner

/// What is checked of a Redis before a run starts on it.
@Suite struct ServerCheckTests {
  private let server: RedisServer
  private let run = RedisServer.newRun()

  init() throws { server = try RedisServer() }

  private func check(_ url: RedisURL? = nil) async throws -> ServerCheck {
    try await ServerCheck.run(url ?? server.url, for: run, isOwn: false, oneShot: true)
  }

  private func configure(_ words: String...) throws {
    #expect(try RedisConnection(server.url).call(RedisCommand(words)).string == "OK")
  }

  @Test func `a server configured for runs is suitable, and nothing stays on it`() async throws {
    let check = try await check()
    #expect(check.errors.isEmpty)
    #expect(check.warnings.isEmpty)
    let left = try RedisConnection(server.url).call(RedisCommand("KEYS", "*"))
    #expect(left.array?.compactMap(\.string) == ["wfglobal:nextId"])
  }

  @Test func `a server that may evict keys gets a warning`() async throws {
    try configure("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    let check = try await check()
    #expect(check.errors.isEmpty)
    #expect(check.warnings.count == 1)
    #expect(check.warnings.first?.contains("maxmemory-policy allkeys-lru") == true)
  }

  @Test(arguments: [("", "keeps nothing on disk"), ("3600 1", "keeps snapshots only")])
  func `a server without an append-only file gets a warning`(save: String, words: String)
    async throws
  {
    try configure("CONFIG", "SET", "appendonly", "no")
    try configure("CONFIG", "SET", "save", save)
    let check = try await check()
    #expect(check.errors.isEmpty)
    #expect(check.warnings.count == 1)
    #expect(check.warnings.first?.contains(words) == true)
  }

  @Test func `refused commands and keys are named in one line`() async throws {
    try configure("ACL", "SETUSER", "poor", "on", ">x", "~*", "&*", "+@all", "-xadd", "-blmove")
    var url = server.url
    url.user = "poor"
    url.password = "x"
    #expect(
      try await check(url).errors.first?.contains("does not permit BLMOVE, XADD on the keys")
        == true)
    try configure("ACL", "SETUSER", "poor", "+@all", "resetkeys", "~hf:*", "~wf*")
    let errors = try await check(url).errors
    #expect(errors.count == 1)
    #expect(errors.first?.contains("does not permit") == true, "\(errors)")
  }

  @Test func `a server that cannot write is unsuitable`() async throws {
    try configure("CONFIG", "SET", "maxmemory", "1mb")
    let errors = try await check().errors
    #expect(errors.count == 1)
    #expect(errors.first?.contains("cannot write: OOM") == true, "\(errors)")
    try configure("CONFIG", "SET", "maxmemory", "0")
    try configure("CONFIG", "SET", "min-replicas-to-write", "1")
    #expect(try await check().errors.first?.contains("is not ready: NOREPLICAS") == true)
  }

  @Test func `the longest value that the server accepts is known`() async throws {
    try configure("CONFIG", "SET", "proto-max-bulk-len", "2097152")
    #expect(try await check().longestValue < 2_097_152)
  }
}
