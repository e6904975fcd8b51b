import JSONValue

/// `config.retry`, `config.timeout` and `config.drain`: what happens when an attempt fails,
/// takes too long, or leaves its output open.
enum RetryDecoder {
  private static let knownKeys = KnownKeys([
    "attempts", "delay", "factor", "maxDelay", "jitter", "on",
  ])

  static func policy(
    _ config: JSONObject, _ place: JSONPath, _ findings: inout Findings
  ) -> RetryPolicy? {
    let outer = MemberReader(object: config, place: place.inside(".config"))
    guard let object = outer.object("retry", &findings) else { return nil }
    let keys = MemberReader(object: object, place: place.inside(".config.retry"))
    var policy = RetryPolicy()
    if let attempts = keys.integer("attempts", atLeast: 0, &findings) { policy.attempts = attempts }
    if let delay = number("delay", atLeast: 0, keys, &findings) { policy.delay = delay }
    if let factor = number("factor", atLeast: 1, keys, &findings) { policy.factor = factor }
    policy.maxDelay = number("maxDelay", atLeast: 0, keys, &findings)
    if let jitter = number("jitter", atLeast: 0, keys, &findings) {
      if jitter > 1 { findings.error(keys.place.key("jitter"), "expected a part from 0 to 1") }
      policy.jitter = min(1, jitter)
    }
    policy.causes = causes(keys, &findings)
    let unknown = keys.unknownKeys(knownKeys, &findings)
    for (key, _) in unknown.members {
      findings.warning(
        keys.place.key(key.displayName),
        "unknown key, not read (known: attempts, delay, factor, maxDelay, jitter, on)")
    }
    return policy
  }

  /// Seconds for one attempt; 0 for no limit.
  static func timeout(
    _ config: JSONObject, _ place: JSONPath, _ findings: inout Findings
  ) -> Double? {
    let keys = MemberReader(object: config, place: place.inside(".config"))
    return number("timeout", atLeast: 0, keys, &findings).flatMap { $0 > 0 ? $0 : nil }
  }

  /// Seconds; with 0, nothing is read after the program's exit.
  static func drain(
    _ config: JSONObject, _ place: JSONPath, _ findings: inout Findings
  ) -> Double? {
    let keys = MemberReader(object: config, place: place.inside(".config"))
    return number("drain", atLeast: 0, keys, &findings)
  }

  private static func number(
    _ key: String, atLeast least: Double, _ keys: MemberReader, _ findings: inout Findings
  ) -> Double? {
    guard let value = keys.value(key) else { return nil }
    if let number = value.double ?? value.string.flatMap({ Double($0) }), number.isFinite,
      number >= least
    {
      return number
    }
    findings.error(
      keys.place.key(key), "expected a number, \(Int(least)) or more, found \(value.described)")
    return nil
  }

  private static func causes(
    _ keys: MemberReader, _ findings: inout Findings
  ) -> [RetryPolicy.Cause]? {
    guard let elements = keys.array("on", &findings) else { return nil }
    return elements.enumerated().compactMap { position, element in
      let cause = element.string.flatMap(RetryPolicy.Cause.init)
      if cause == nil {
        findings.error(
          keys.place.element("on", position),
          "expected \(RetryPolicy.Cause.words.joined(separator: ", ")), exit:CODE or"
            + " signal:NUMBER, found \(element.described)")
      }
      return cause
    }
  }
}
