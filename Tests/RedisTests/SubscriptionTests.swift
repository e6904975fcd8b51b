import Posix
import Redis
import Testing

@Suite(.timeLimit(.minutes(2))) struct SubscriptionTests {
  @Test func `after the confirmation no message is missed`() async throws {
    let server = try TestServer()
    let redis = try server.connect()
    let subscription = RedisSubscription(server.url, channels: ["logs"], patterns: ["job:*"])
    let events = subscription.makeAsyncIterator()
    #expect(try await events.next() == .subscribed(["logs", "job:*"]))
    let publish = (0..<3000).map { RedisCommand("PUBLISH", "logs", $0) }
    _ = try redis.run(publish + [RedisCommand("PUBLISH", "job:7", [0, 255])])
    for number in 0..<3000 {
      let push = RedisPush(channel: "logs", payload: Array("\(number)".utf8))
      #expect(try await events.next() == .message(push))
    }
    let matched = RedisPush(channel: "job:7", payload: [0, 255], pattern: "job:*")
    #expect(try await events.next() == .message(matched))
  }

  @Test func `a slow consumer gets everything from a small buffer`() async throws {
    let server = try TestServer()
    let redis = try server.connect()
    let subscription = RedisSubscription(server.url, channels: ["logs"], capacity: 10)
    let events = subscription.makeAsyncIterator()
    #expect(try await events.next() == .subscribed(["logs"]))
    let block = [UInt8](repeating: 1, count: 1000)
    _ = try redis.run((0..<5000).map { _ in RedisCommand("PUBLISH", "logs", block) })
    for _ in 0..<5000 {
      let event = try await events.next()
      #expect(event == .message(RedisPush(channel: "logs", payload: block)))
    }
  }

  @Test func `channels can be added and removed at any time`() async throws {
    let server = try TestServer()
    let redis = try server.connect()
    let subscription = RedisSubscription(server.url)
    let events = subscription.makeAsyncIterator()
    #expect(try await events.next() == .subscribed([]))
    subscription.subscribe(channels: ["a", "b"])
    #expect(try await events.next() == .subscribed(["a", "b"]))
    subscription.unsubscribe(channels: ["a"])
    subscription.subscribe(patterns: ["c*"])
    #expect(try await events.next() == .subscribed(["c*"]))
    _ = try redis.run(["a", "b", "c1"].map { RedisCommand("PUBLISH", $0, "x") })
    for channel in ["b", "c1"] {
      guard case .message(let push) = try await events.next() else {
        Issue.record("no message")
        return
      }
      #expect(push.channel == channel)
    }
  }

  @Test func `a subscription is renewed after an outage`() async throws {
    let server = try TestServer()
    let subscription = RedisSubscription(server.url, channels: ["logs"])
    let events = subscription.makeAsyncIterator()
    #expect(try await events.next() == .subscribed(["logs"]))
    server.kill()
    guard case .lost = try await events.next() else {
      Issue.record("the loss was not reported")
      return
    }
    subscription.subscribe(channels: ["more"])
    try server.restart()
    var received: [RedisSubscription.Event] = []
    while received.count < 2, let event = try await events.next() {
      if case .lost = event { continue }
      received.append(event)
    }
    #expect(received == [.resubscribed, .subscribed(["more"])])
    _ = try server.connect().call(RedisCommand("PUBLISH", "more", "x"))
    #expect(try await events.next() == .message(RedisPush(channel: "more", payload: [120])))
  }

  @Test func `cancel ends a subscription and its connection`() async throws {
    let server = try TestServer()
    let subscription = RedisSubscription(server.url, channels: ["logs"])
    let events = subscription.makeAsyncIterator()
    #expect(try await events.next() == .subscribed(["logs"]))
    async let end = subscription.makeAsyncIterator().next()
    subscription.cancel()
    #expect(try await end == nil)
    try await server.wait(for: RedisCommand("PUBLISH", "logs", "x")) { $0 == .integer(0) }
  }

  @Test func `cancelling the consumer's task ends the subscription`() async throws {
    let server = try TestServer()
    let subscription = RedisSubscription(server.url, channels: ["logs"])
    let (messages, continuation) = AsyncStream.makeStream(of: Void.self)
    let task = Task {
      for try await _ in subscription { continuation.yield() }
      return true
    }
    for await _ in messages { break }
    task.cancel()
    #expect(try await task.value)
  }

  @Test func `a refused login ends the subscription with the reason`() async throws {
    let server = try TestServer(loopback: true)
    var url = server.url
    url.password = "wrong"
    let events = RedisSubscription(url, channels: ["a"]).makeAsyncIterator()
    let error = await #expect(throws: RedisError.self) { try await events.next() }
    #expect(error?.code == .server)
    #expect(try await events.next() == nil)
  }
}
