import JSONValue
import JobProtocol
import Testing

@testable import Signing

struct RequestSignatureTests {
  private let key: SigningKey
  private let run: RunID
  private let request = ControlRequest.cancel([TaskReference(process: 1, firing: 2)]).json

  init() throws {
    key = try SigningKey("a secret of twenty bytes".utf8)
    run = try #require(RunID("kabcd"))
  }

  private var signed: JSON { key.sign(control: request, run: run, expires: 2000, nonce: "n1") }

  private func refusal(of request: JSON, run: RunID? = nil, now: Int = 1000) -> SignatureError? {
    var memory = ReplayMemory()
    do throws(SignatureError) {
      _ = try key.verify(control: request, run: run ?? self.run, now: now, memory: &memory)
      return nil
    } catch {
      return error
    }
  }

  private func changed(_ change: (inout JSONObject) -> Void) -> JSON {
    var members = signed.object ?? JSONObject()
    change(&members)
    return .object(members)
  }

  private func changed(signature name: String, _ value: JSON?) -> JSON {
    changed { members in
      var signature = members["sig"]?.object ?? JSONObject()
      signature[name] = value
      members["sig"] = .object(signature)
    }
  }

  @Test func `a signed request is accepted once`() throws {
    var memory = ReplayMemory()
    let wire = try JSON(parsing: signed.bytes)
    let believed = try key.verify(control: wire, run: run, now: 1000, memory: &memory)
    #expect(ControlRequest(believed) == ControlRequest(request))
    #expect(throws: SignatureError.replayed) {
      try key.verify(control: wire, run: run, now: 1001, memory: &memory)
    }
  }

  @Test func `the protocol page's requests and orders give its codes`()
    throws
  {
    let expires = 1_800_000_000_000
    let request = try JSON(parsing: #"{"do":"cancel","tasks":[[2,3]]}"#)
    let signed = key.sign(control: request, run: run, expires: expires, nonce: "n1")
    #expect(
      signed["sig"]?["mac"]
        == "84fcafebba92a6f704c249f7552af52b204e3092737a45b3b56c25aa767d662e")
    let order = key.sign(
      order: .cancel(job: "kabcd:1:2:3"), channel: "hf:pool:kabcd:orders", expires: expires,
      nonce: "n1")
    #expect(
      order == """
        cancel kabcd:1:2:3
        1800000000000 n1 83d43cf0a7c5bed6854c1c1a609f92a35bbb00ef5ee83df0710e45d7a96bbb6d
        """)
  }

  @Test func `every altered request is refused`() throws {
    #expect(refusal(of: changed { $0["do"] = "retry" }) == .altered)
    #expect(refusal(of: changed { $0["tasks"] = [[1, 3]] }) == .altered)
    #expect(refusal(of: changed { $0["more"] = 1 }) == .altered)
    #expect(refusal(of: changed { $0["tasks"] = nil }) == .altered)
    #expect(refusal(of: changed(signature: "expires", 9000)) == .altered)
    #expect(refusal(of: changed(signature: "nonce", "n2")) == .altered)
    #expect(refusal(of: changed(signature: "mac", "00")) == .altered)
    #expect(refusal(of: signed, run: RunID("kabce")) == .altered)
  }

  @Test func `an expired, unsigned or half-signed request is refused`() {
    #expect(refusal(of: signed, now: 2000) == .expired(at: 2000, now: 2000))
    #expect(refusal(of: request) == .unsigned)
    #expect(refusal(of: "cancel") == .unsigned)
    for name in ["expires", "nonce", "mac"] {
      guard case .malformed = refusal(of: changed(signature: name, nil)) else {
        Issue.record("without \(name)")
        continue
      }
    }
  }

  @Test func `a code for one kind of message is invalid for another`() throws {
    var memory = ReplayMemory()
    let channel = PoolKeys("kabcd").orders
    let order = key.sign(order: .drain(worker: "*"), channel: channel, expires: 2000, nonce: "n1")
    let mac = order.split(separator: " ").last.map(String.init) ?? ""
    #expect(refusal(of: changed(signature: "mac", .string(mac))) == .altered)
    #expect(
      try key.verify(order: order, channel: channel, now: 1, memory: &memory)
        == .drain(worker: "*"))
  }

  @Test(arguments: [
    ExecutorOrder.cancel(job: "kabcd:1:1:1"), .drain(worker: "node a"), .slots(worker: "*", 3),
  ])
  func `a signed order is accepted once, on its channel, until it expires`(
    order: ExecutorOrder
  ) throws {
    let channel = "hf:kabcd:orders"
    let text = key.sign(order: order, channel: channel, expires: 2000, nonce: "n1")
    #expect(ExecutorOrder(text: text) == order, "who has no key reads it, too")
    var memory = ReplayMemory()
    let wrong = [
      text.replacing("2000", with: "2001"), text.replacing(" n1 ", with: " n2 "), order.text,
      order.text + "\n", order.text + "x\n" + text.split(separator: "\n")[1], text + "\nmore",
    ]
    for text in wrong {
      #expect(throws: SignatureError.self, "\(text)") {
        try key.verify(order: text, channel: channel, now: 1000, memory: &memory)
      }
    }
    #expect(throws: SignatureError.altered) {
      try key.verify(order: text, channel: "hf:kabce:orders", now: 1000, memory: &memory)
    }
    #expect(throws: SignatureError.expired(at: 2000, now: 2000)) {
      try key.verify(order: text, channel: channel, now: 2000, memory: &memory)
    }
    #expect(try key.verify(order: text, channel: channel, now: 1000, memory: &memory) == order)
    #expect(throws: SignatureError.replayed) {
      try key.verify(order: text, channel: channel, now: 1000, memory: &memory)
    }
  }
}

struct SigningKeyTests {
  @Test func `a short secret is refused without being shown`() {
    let error = #expect(throws: SigningKeyError.self) { try SigningKey("  hunter2hunter2 \n".utf8) }
    #expect(error?.description.contains("14 bytes") == true)
    #expect(error?.description.contains("hunter") == false)
  }

  @Test func `spaces around the secret do not matter, and nothing shows it`() throws {
    let one = try SigningKey("0123456789abcdef".utf8)
    let other = try SigningKey(" 0123456789abcdef\r\n".utf8)
    #expect(one.code(of: [[1]]) == other.code(of: [[1]]))
    var shown = "\(one)"
    dump(one, to: &shown)
    #expect(!shown.contains("012345"))
  }

  @Test func `the code is standard HMAC-SHA-256`() throws {
    // printf '1:a,0:,' | openssl dgst -sha256 -mac HMAC -macopt hexkey:aaaa…
    let key = try SigningKey([UInt8](repeating: 0xAA, count: 131))
    #expect(
      key.code(of: [Array("a".utf8), []])
        == "af7fba0906c6328e1e319b26cc94d32c7944d4a5828c08894af75d7b61d4d421")
  }

  @Test func `different lists of parts have different codes`() throws {
    let key = try SigningKey("0123456789abcdef".utf8)
    let codes = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"], ["1:a,", "bc"]]
      .map { parts in key.code(of: parts.map { Array($0.utf8) }) }
    #expect(Set(codes).count == codes.count)
  }

  @Test func `nonces are remembered until they expire, up to a limit`() {
    var memory = ReplayMemory(limit: 2000)
    func isNew(_ id: String, until: Int, now: Int) -> Bool {
      memory.remember(id, until: until, now: now)
    }
    #expect(isNew("a", until: 10, now: 1))
    #expect(!isNew("a", until: 20, now: 9))
    #expect(isNew("a", until: 30, now: 10))
    memory.forget("a")
    #expect(isNew("a", until: 30, now: 11))
    for number in 0..<10_000 { _ = isNew("n\(number)", until: 1000 + number, now: 12) }
    #expect(memory.count <= 2001)
    #expect(!isNew("n9999", until: 20_000, now: 13), "the latest are kept")
  }
}
