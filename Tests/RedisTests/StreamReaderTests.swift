import Posix
import Redis
import Testing

@Suite(.timeLimit(.minutes(2))) struct StreamReaderTests {
  @Test func `a reader gets existing entries, then new ones, of several streams`() async throws {
    let server = try TestServer()
    let redis = try server.connect()
    _ = try redis.run((0..<50).map { RedisCommand("XADD", "a", "*", "n", $0, "bytes", [255]) })
    let reader = RedisStreamReader(server.url, streams: [("a", "0"), ("b", "0")], count: 7)
    let batches = reader.makeAsyncIterator()
    var seen: [StreamEntry] = []
    while seen.count < 50, let batch = try await batches.next() { seen += batch }
    #expect(seen.map { $0.string("n") } == (0..<50).map { "\($0)" })
    #expect(seen[0]["bytes"] == [255])
    #expect(seen[0]["none"] == nil)
    let id = try redis.call(RedisCommand("XADD", "b", "*", "x", "y"))
    let last = try await batches.next()
    #expect(last?.first?.stream == "b")
    #expect(last?.first?.id == id.string)
    let range = try redis.call(RedisCommand("XRANGE", "a", "-", "+"))
    #expect(RedisStreamReader.decodeRange(range, stream: "a").map(\.id) == seen.map(\.id))
  }

  @Test func `a reader continues after the last entry if the server is killed`() async throws {
    let server = try TestServer()
    let reader = RedisStreamReader(server.url, streams: [("a", "0")])
    let batches = reader.makeAsyncIterator()
    var seen: [String] = []
    for turn in 0..<3 {
      let redis = try server.connect()
      _ = try redis.run((0..<20).map { RedisCommand("XADD", "a", "*", "n", turn * 20 + $0) })
      while seen.count < (turn + 1) * 20, let batch = try await batches.next() {
        seen += batch.compactMap { $0.string("n") }
      }
      server.kill()
      try server.restart()
    }
    #expect(seen == (0..<60).map { "\($0)" })
  }

  @Test func `from the end a reader gets only new entries`() async throws {
    let server = try TestServer()
    let redis = try server.connect()
    _ = try redis.call(RedisCommand("XADD", "a", "*", "n", "old"))
    let reader = RedisStreamReader(server.url, streams: [("a", "$")])
    try await server.waitForBlockedClient()
    _ = try redis.call(RedisCommand("XADD", "a", "*", "n", "new"))
    let batches = reader.makeAsyncIterator()
    #expect(try await batches.next()?.map { $0.string("n") } == ["new"])
  }

  @Test func `a slow consumer stops the reading`() async throws {
    let server = try TestServer()
    let redis = try server.connect()
    _ = try redis.run((0..<1000).map { RedisCommand("XADD", "a", "*", "n", $0) })
    let reader = RedisStreamReader(server.url, streams: [("a", "0")], count: 1)
    var seen = 0
    for try await batch in reader {
      #expect(batch.count == 1)
      seen += batch.count
      if seen == 1000 { break }
    }
    let calls = try redis.call(RedisCommand("INFO", "commandstats")).string ?? ""
    #expect(calls.contains("cmdstat_xread:calls=1000,") || calls.contains("xread:calls=1001,"))
  }

  @Test func `with a pace entries arrive together, and cancelling still works`() async throws {
    let server = try TestServer()
    let redis = try server.connect()
    _ = try redis.call(RedisCommand("XADD", "a", "*", "n", "first"))
    let pace = ReadingPace()
    pace.milliseconds = 3_600_000
    let reader = RedisStreamReader(server.url, streams: [("a", "0")], pace: pace)
    let batches = reader.makeAsyncIterator()
    #expect(try await batches.next()?.count == 1)
    for number in 0..<100 { _ = try redis.call(RedisCommand("XADD", "a", "*", "n", number)) }
    let calls = try redis.call(RedisCommand("INFO", "commandstats")).string ?? ""
    #expect(calls.contains("cmdstat_xread:calls=1,"))
    reader.cancel()
    for await state in reader.states where state == .closed { break }
  }

  @Test func `cancel ends a waiting reader`() async throws {
    let server = try TestServer()
    let reader = RedisStreamReader(server.url, streams: [("a", "0")])
    async let end = reader.makeAsyncIterator().next()
    try await server.waitForBlockedClient()
    reader.cancel()
    #expect(try await end == nil)
    for await state in reader.states where state == .closed { break }
  }

  @Test func `a key that is not a stream ends the reader with the reason`() async throws {
    let server = try TestServer()
    _ = try server.connect().call(RedisCommand("SET", "a", "x"))
    let batches = RedisStreamReader(server.url, streams: [("a", "0")]).makeAsyncIterator()
    let error = await #expect(throws: RedisError.self) { try await batches.next() }
    #expect(error?.message.hasPrefix("WRONGTYPE") == true)
  }
}
