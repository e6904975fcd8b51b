import Testing

@testable import Redis

@Suite struct TLSFailureTests {
  private static let ours = RedisTLS(authority: "/ca.pem", certificate: "/c.pem")

  @Test(arguments: [
    ("certificate verify failed", 62, RedisTLS(), "certificate is not for host"),
    ("certificate verify failed", 64, RedisTLS(), "certificate is not for host"),
    ("certificate verify failed", 19, RedisTLS(), "no authority that this system trusts"),
    ("certificate verify failed", 20, ours, "no authority in /ca.pem has signed"),
    ("certificate verify failed", 9, ours, "not valid yet"),
    ("certificate verify failed", 10, ours, "has expired"),
    ("certificate verify failed", 23, ours, "is refused: words"),
    ("tlsv13 alert certificate required", 0, RedisTLS(), "demands a certificate"),
    ("sslv3 alert handshake failure", 0, RedisTLS(), "demands a certificate"),
    ("tlsv1 alert unknown ca", 0, ours, "refuses the certificate /c.pem"),
    ("tlsv1 alert unknown ca", 0, RedisTLS(), "TLS failed: tlsv1 alert unknown ca"),
    ("wrong version number", 0, RedisTLS(), "does not speak TLS"),
    ("unexpected eof while reading", 0, RedisTLS(), "ended during the TLS handshake"),
    ("", 0, RedisTLS(), "TLS failed: no reason"),
  ])
  func `what OpenSSL says becomes a sentence`(
    reason: String, verification: Int, files: RedisTLS, expected: String
  ) {
    let failure = TLSFailure(
      reason: reason, verification: verification, words: "words", name: "host", files)
    #expect(failure.text.contains(expected), "\(failure.text)")
  }

  @Test func `only a lost connection may pass`() {
    #expect(TLSFailure.ended(errno: 0).error(at: "x").isConnectionLoss)
    #expect(TLSFailure.file("a", "b").error(at: "x").kind == .refused)
  }

  @Test(arguments: [
    RedisValue.array([.bytes(Array("h".utf8))]), .array([]), .integer(1),
    .array([.bytes([]), .bytes(Array("1".utf8))]),
    .array([.bytes(Array("h".utf8)), .bytes(Array("0".utf8))]),
    .array([.bytes(Array("h".utf8)), .bytes(Array("x".utf8))]),
  ])
  func `a sentinel's answer that is no address is refused`(reply: RedisValue) {
    #expect(throws: RedisError.self) {
      try MasterSearch.endpoint(reply, master: "jobs", at: "here")
    }
  }

  @Test func `one sentinel that may answer later makes the failure pass`() {
    let refused = RedisError(.server, "login refused: WRONGPASS")
    let away = RedisError(.connect, "cannot connect")
    #expect(MasterSearch.error([("a", refused), ("b", away)], at: "x").code == .connect)
    #expect(MasterSearch.error([("a", refused), ("b", refused)], at: "x").code == .server)
  }
}
