import Glibc
import Posix
import Redis
import TestSupport
import Testing

/// Real servers with TLS, and certificates that `openssl` makes.
@Suite(.timeLimit(.minutes(3))) final class TLSTests {
  private let directory: String
  private let authority: TestAuthority
  private let pair: TestAuthority.Pair
  private let server: TLSRedis

  init() throws {
    directory = try Files.makeTemporaryDirectory(prefix: "hflow-tls-test-")
    authority = try TestAuthority(in: directory)
    pair = try authority.sign("server", for: "IP:127.0.0.1", "DNS:redis.test")
    server = try TLSRedis(in: directory, pair, trusting: authority.file)
  }

  deinit { Files.removeTree(directory) }

  private var trusted: RedisTLS { RedisTLS(authority: authority.file) }

  private func refusal(_ url: RedisURL) -> RedisError? {
    #expect(throws: RedisError.self) { try RedisConnection(url) }
  }

  @Test func `values of every size come and go`() throws {
    let redis = try RedisConnection(server.url(trusted))
    for size in [1, 16383, 16384, 16385, 65536, 5_000_000] {
      let value = [UInt8](repeating: UInt8(size % 251), count: size)
      let replies = try redis.run([RedisCommand("SET", "a", value), RedisCommand("GET", "a")])
      #expect(replies[1].bytes == value, "\(size) bytes")
    }
    let many = try redis.run((0..<20_000).map { RedisCommand("ECHO", $0) })
    #expect(many.map(\.integer) == (0..<20_000).map { $0 })
  }

  @Test func `streams and subscriptions work over TLS`() async throws {
    let url = server.url(trusted)
    let subscription = RedisSubscription(url, channels: ["logs"])
    let events = subscription.makeAsyncIterator()
    #expect(try await events.next() == .subscribed(["logs"]))
    let client = RedisClient(url)
    try await client.call(RedisCommand("PUBLISH", "logs", "a line"))
    try await client.call(RedisCommand("XADD", "a", "*", "n", 1))
    guard case .message(let push) = try await events.next() else {
      Issue.record("no message")
      return
    }
    #expect(String(decoding: push.payload, as: UTF8.self) == "a line")
    let reader = RedisStreamReader(url, streams: [("a", "0")])
    let batches = reader.makeAsyncIterator()
    #expect(try await batches.next()?.first?.string("n") == "1")
    subscription.cancel()
    await client.close()
  }

  @Test func `an authority that did not sign the certificate is refused`() throws {
    let other = try TestAuthority("other", in: directory)
    let error = refusal(server.url(RedisTLS(authority: other.file)))
    #expect(error?.code == .tls)
    #expect(error?.description.contains("no authority in \(other.file) has signed") == true)
    #expect(error?.description.contains("--redis-ca FILE") == true)
    #expect(error?.kind == .refused)
    let unknown = refusal(server.url(RedisTLS()))
    #expect(unknown?.description.contains("no authority that this system trusts") == true)
  }

  @Test func `a certificate for another name is refused`() throws {
    let named = try authority.sign("named", for: "DNS:redis.test")
    let server = try TLSRedis(in: directory, named, trusting: authority.file)
    let error = refusal(server.url(trusted))
    #expect(error?.code == .tls)
    #expect(error?.description.contains("certificate is not for 127.0.0.1") == true)
    var tls = trusted
    tls.name = "redis.test"
    #expect(try RedisConnection(server.url(tls)).call(RedisCommand("PING")).string == "PONG")
    tls.name = "other.test"
    #expect(refusal(server.url(tls))?.message.contains("not for other.test") == true)
  }

  @Test func `a server that demands a certificate gets one`() throws {
    let server = try TLSRedis(
      in: directory, pair, trusting: authority.file, demandsCertificate: true)
    let error = refusal(server.url(trusted))
    #expect(error?.code == .tls)
    #expect(error?.description.contains("demands a certificate of this client") == true)
    #expect(error?.description.contains("--redis-cert FILE") == true)
    let ours = try authority.sign("client", for: "DNS:client")
    let tls = RedisTLS(
      authority: authority.file, certificate: ours.certificate, key: ours.key)
    #expect(try RedisConnection(server.url(tls)).call(RedisCommand("PING")).string == "PONG")
    let other = try TestAuthority("other", in: directory).sign("client", for: "DNS:client")
    let wrong = refusal(
      server.url(
        RedisTLS(authority: authority.file, certificate: other.certificate, key: other.key)))
    #expect(wrong?.code == .tls)
    #expect(wrong?.message.contains("refuses the certificate \(other.certificate)") == true)
  }

  @Test func `files that cannot be used are named`() throws {
    let missing = refusal(server.url(RedisTLS(authority: "/nowhere/ca.pem")))
    #expect(missing?.message == "/nowhere/ca.pem cannot be used for TLS: No such file or directory")
    let notes = Files.join(directory, "notes")
    try Files.write(Array("nothing\n".utf8), to: notes, mode: 0o600)
    #expect(
      refusal(server.url(RedisTLS(authority: notes)))?.message.contains("no certificate in PEM")
        == true)
    let ours = try authority.sign("client", for: "DNS:client")
    func error(key: String?) -> String {
      refusal(
        server.url(
          RedisTLS(authority: authority.file, certificate: ours.certificate, key: key)))?.message
        ?? ""
    }
    #expect(error(key: pair.key).contains("it is not the key of \(ours.certificate)"))
    #expect(error(key: nil).contains("it has no key in PEM form"))
    try TestAuthority.openssl(
      ["ec", "-in", ours.key, "-aes128", "-passout", "pass:secret", "-out", "locked.key"],
      in: directory)
    #expect(error(key: Files.join(directory, "locked.key")).contains("without a passphrase"))
  }

  @Test func `a server without TLS is recognized`() throws {
    let port = try FreePort.find()
    let plain = try RedisProgram(
      in: directory, "plain", ["--port", "\(port)", "--bind", "127.0.0.1", "--save", ""])
    let place = RedisURL.Endpoint.tcp(host: "127.0.0.1", port: port)
    _ = try RedisConnection.connect(RedisURL(place), withinMilliseconds: 30_000)
    let error = #expect(throws: RedisError.self) {
      try RedisConnection(RedisURL(place, tls: trusted), timeoutMilliseconds: 500)
    }
    #expect(error?.description.contains("TLS is on") == true)
    withExtendedLifetime(plain) {}
  }

  @Test func `a silent server is noticed as without TLS`() throws {
    let secure = try RedisConnection(server.url(trusted))
    var limit: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(secure.descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &limit, &size)
    #expect(Int(limit) == RedisTimeouts.standard.answerMilliseconds)
    server.program.child.send(SIGSTOP)
    defer { server.program.child.send(SIGCONT) }
    let late = #expect(throws: RedisError.self) {
      try secure.call(RedisCommand("PING"), timeoutMilliseconds: 200)
    }
    #expect(late?.code == .timeout)
    let unanswered = #expect(throws: RedisError.self) {
      try RedisConnection(server.url(trusted), timeoutMilliseconds: 200)
    }
    #expect(unanswered?.isConnectionLoss == true)
  }

  @Test func `a client reconnects with TLS`() async throws {
    let authority = authority
    let port = try FreePort.find()
    var mortal: TLSRedis? = try TLSRedis(in: directory, pair, trusting: authority.file, port: port)
    let url = try #require(mortal).url(trusted)
    let client = RedisClient(url)
    #expect(try await client.call(RedisCommand("INCR", "a")).integer == 1)
    mortal = nil
    let reply = Task { try await client.call(RedisCommand("INCR", "a"), retry: .always) }
    for await state in client.states {
      if case .lost = state { break }
    }
    mortal = try TLSRedis(in: directory, pair, trusting: authority.file, port: port)
    #expect(try await reply.value.integer == 1)
    await client.close()
    withExtendedLifetime(mortal) {}
  }
}
