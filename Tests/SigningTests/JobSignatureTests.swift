import JSONValue
import JobProtocol
import Testing

@testable import Signing

struct JobSignatureTests {
  private let key: SigningKey
  private let job = "kabcd:1:2:3:2"
  private let expires = 2000
  private let message: JobMessage

  init() throws {
    key = try SigningKey("a secret of twenty bytes".utf8)
    message = try JobMessage(
      parsing: Array(
        """
        {"executable":"sh","args":["-c","echo x"],"env":{"A":"1"},"inputs":[],"outputs":[],\
        "stdout":"out","taskId":"\(job)","name":"n","shell":false,\
        "hflow":{"directory":"/w","timeout":5,"environment":{"B":"2"},"attempt":2}}
        """.utf8))
  }

  private func refusal(
    of message: JobMessage, job: String? = nil, now: Int = 1000, key: SigningKey? = nil
  ) -> SignatureError? {
    do throws(SignatureError) {
      _ = try (key ?? self.key).verify(message, job: job ?? self.job, now: now)
      return nil
    } catch {
      return error
    }
  }

  /// The signed message after a change of its JSON.
  private func changed(_ change: (inout JSONObject) -> Void) -> JobMessage {
    var signed = key.sign(message, expires: expires)
    change(&signed.members)
    return signed
  }

  private func changed(extra name: String, _ value: JSON?) -> JobMessage {
    changed { members in
      var extras = members["hflow"]?.object ?? JSONObject()
      extras[name] = value
      members["hflow"] = .object(extras)
    }
  }

  private func resealed(_ change: (inout JSONObject) -> Void) -> JobMessage {
    let signed = key.sign(message, expires: expires)
    var signature = signed.members["hflow"]?["signature"]?.object ?? JSONObject()
    change(&signature)
    return changed(extra: "signature", .object(signature))
  }

  @Test func `a signed message is accepted, also after transport`() throws {
    let signed = try JobMessage(parsing: key.sign(message, expires: expires).bytes)
    let verified = try key.verify(signed, job: job, now: 1000)
    #expect(verified.message == message)
    #expect(verified.attempt == 2)
    #expect(verified.expires == expires)
  }

  @Test func `a message without extras can be signed`() throws {
    let plain = try JobMessage(parsing: Array(#"{"executable":"true","taskId":"k:1:1:1"}"#.utf8))
    #expect(refusal(of: key.sign(plain, expires: expires), job: "k:1:1:1") == nil)
  }

  @Test func `signing again replaces the signature`() {
    let twice = key.sign(key.sign(message, expires: 1), expires: expires)
    #expect(twice == key.sign(message, expires: expires))
  }

  @Test func `changed, removed, added and moved members are detected`() throws {
    let signed = key.sign(message, expires: expires)
    for (name, _) in signed.members.members where name != "hflow" {
      #expect(refusal(of: changed { $0[name] = "another" }) == .altered, "\(name) changed")
      #expect(refusal(of: changed { $0[name] = nil }) == .altered, "\(name) removed")
    }
    for name in ["directory", "timeout", "environment", "attempt"] {
      #expect(refusal(of: changed(extra: name, "another")) == .altered, "hflow.\(name) changed")
      #expect(refusal(of: changed(extra: name, nil)) == .altered, "hflow.\(name) removed")
    }
    #expect(refusal(of: changed { $0["stdin"] = "x" }) == .altered)
    #expect(refusal(of: changed(extra: "more", 1)) == .altered)
    let turned = JobMessage(
      members: JSONObject(signed.members.members.reversed().map { ($0.key, $0.value) }))
    #expect(refusal(of: turned) == .altered)
  }

  @Test func `numbers that a reader could confuse are detected`() {
    #expect(refusal(of: changed(extra: "timeout", .double(5.5))) == .altered)
    #expect(refusal(of: changed(extra: "timeout", "5")) == .altered)
    #expect(refusal(of: changed { $0["shell"] = .null }) == .altered)
    #expect(refusal(of: changed { $0["args"] = ["-c", "echo  x"] }) == .altered)
  }

  @Test func `a signature is valid for one run, one task and one attempt`() {
    let signed = key.sign(message, expires: expires)
    for other in ["kabce:1:2:3:2", "kabcd:2:2:3:2", "kabcd:1:3:3:2", "kabcd:1:2:4:2"] {
      #expect(refusal(of: signed, job: other) == .altered, "\(other)")
      // The id inside is changed, too.
      #expect(refusal(of: changed { $0["taskId"] = .string(other) }, job: other) == .altered)
    }
    for other in ["kabcd:1:2:3", "kabcd:1:2:3:3"] {
      #expect(refusal(of: signed, job: other) == .altered, "\(other)")
    }
  }

  @Test func `the expiry is checked and cannot be changed`() {
    let signed = key.sign(message, expires: expires)
    #expect(refusal(of: signed, now: expires - 1) == nil)
    #expect(refusal(of: signed, now: expires) == .expired(at: expires, now: expires))
    #expect(refusal(of: changed { _ in }, now: 9000) == .expired(at: expires, now: 9000))
    #expect(refusal(of: resealed { $0["expires"] = 9999 }, now: 5000) == .altered)
  }

  @Test func `a missing, damaged or foreign signature is refused`() throws {
    #expect(refusal(of: message) == .unsigned)
    #expect(refusal(of: changed { $0["hflow"] = nil }) == .unsigned)
    #expect(refusal(of: changed(extra: "signature", nil)) == .unsigned)
    let texts: [JSON] = ["", "0", "zz", .string(String(repeating: "0", count: 64))]
    for mac in texts {
      #expect(refusal(of: resealed { $0["mac"] = mac }) == .altered)
    }
    let malformed: [JSON] = [1, .null, [], [:], "x", ["expires": "2000", "mac": "00"]]
    for value in malformed {
      guard case .malformed = refusal(of: changed(extra: "signature", value)) else {
        Issue.record("\(value)")
        continue
      }
    }
    let other = try SigningKey("another secret of bytes".utf8)
    #expect(refusal(of: key.sign(message, expires: expires), key: other) == .altered)
  }

  @Test func `a signed message with contradicting ids is refused`() throws {
    var odd = message
    odd.members["hflow"] = ["attempt": 7]
    let signed = key.sign(odd, expires: expires)
    guard case .malformed = refusal(of: signed) else {
      Issue.record("attempt 7 was taken for 2")
      return
    }
  }

  @Test func `the protocol page's bytes give the protocol page's code`() throws {
    let text = #"{"executable":"true","taskId":"kabcd:1:2:3","hflow":{"directory":"/w"}}"#
    let signed = key.sign(try JobMessage(parsing: Array(text.utf8)), expires: 1_800_000_000_000)
    #expect(
      signed.members["hflow"]?["signature"]?["mac"]
        == "cbb27eefceaa80183c061073fee5d9a9f69f0969383476477a6ca06074a4599c")
  }
}
