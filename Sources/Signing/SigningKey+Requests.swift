public import JSONValue
public import JobProtocol

/// Control requests: member `sig`, `{"expires": <ms>, "nonce": <text>, "mac": <hex>}`. The
/// signature covers run, expiry, nonce, and the request's JSON text without that member.
extension SigningKey {
  public func sign(control request: JSON, run: RunID, expires: Int, nonce: String) -> JSON {
    var members = request.object ?? JSONObject()
    members["sig"] = nil
    let mac = code(of: SigningKey.parts(members, run, expires, nonce))
    members["sig"] = ["expires": .int(expires), "nonce": .string(nonce), "mac": .string(mac)]
    return .object(members)
  }

  /// Returns the request without its signature, or throws why it is rejected. `memory` keeps
  /// the used nonces.
  public func verify(
    control request: JSON, run: RunID, now: Int, memory: inout ReplayMemory
  ) throws(SignatureError) -> JSON {
    guard var members = request.object, let signature = members["sig"] else { throw .unsigned }
    guard let expires = signature["expires"]?.int, let nonce = signature["nonce"]?.string,
      let mac = signature["mac"]?.string
    else { throw .malformed("it needs expires, nonce and mac") }
    members["sig"] = nil
    let parts = SigningKey.parts(members, run, expires, nonce)
    try SignatureData(expires: expires, mac: mac).check(with: self, parts, now: now)
    guard memory.remember("control \(nonce)", until: expires, now: now) else { throw .replayed }
    guard let exact = try? JSON(parsing: JSON.object(members).bytes) else { throw .altered }
    return exact
  }

  private static func parts(
    _ members: JSONObject, _ run: RunID, _ expires: Int, _ nonce: String
  ) -> [[UInt8]] {
    let texts = ["hflow-control-1", "\(run)", "\(expires)", nonce]
    return texts.map { Array($0.utf8) } + [JSON.object(members).bytes]
  }
}

/// Orders on channels: a second line, `<expires> <nonce> <mac>`. The signature covers channel,
/// expiry, nonce and the order's text.
extension SigningKey {
  /// The text to publish.
  public func sign(
    order: ExecutorOrder, channel: String, expires: Int, nonce: String
  ) -> String {
    let mac = code(of: SigningKey.parts(order.text, channel, expires, nonce))
    return "\(order.text)\n\(expires) \(nonce) \(mac)"
  }

  /// Returns the order, or throws why it is rejected.
  public func verify(
    order text: String, channel: String, now: Int, memory: inout ReplayMemory
  ) throws(SignatureError) -> ExecutorOrder {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count > 1 else { throw .unsigned }
    let words = lines[1].split(separator: " ", omittingEmptySubsequences: false)
    guard lines.count == 2, words.count == 3, let expires = Int(words[0]) else {
      throw .malformed("its second line must be: expiry, nonce, code")
    }
    let nonce = String(words[1])
    let parts = SigningKey.parts(String(lines[0]), channel, expires, nonce)
    try SignatureData(expires: expires, mac: String(words[2])).check(with: self, parts, now: now)
    guard let order = ExecutorOrder(text: String(lines[0])) else {
      throw .malformed("\(lines[0]) is not an order")
    }
    guard memory.remember("order \(nonce)", until: expires, now: now) else { throw .replayed }
    return order
  }

  private static func parts(
    _ order: String, _ channel: String, _ expires: Int, _ nonce: String
  ) -> [[UInt8]] {
    ["hflow-order-1", channel, "\(expires)", nonce, order].map { Array($0.utf8) }
  }
}
