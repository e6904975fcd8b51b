import JSONValue

/// `config.retry`, `config.timeout` and `config.drain`: what happens when an attempt fails,
/// takes too long, or leaves its output open.
enum RetryDecoder {
  private static let knownKeys = KnownKeys([
    "attempts", "delay", "factor", "maxDelay", "jitter", "on", "budgets", "grow",
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
    policy.budgets = budgets(keys, &findings)
    policy.grow = growth(keys, &findings)
    let unknown = keys.unknownKeys(knownKeys, &findings)
    for (key, _) in unknown.members {
      findings.warning(
        keys.place.key(key.displayName),
        "unknown key, not read (known: attempts, delay, factor, maxDelay, jitter, on, budgets,"
          + " grow)"
      )
    }
    return policy
  }

  private static func budgets(
    _ outer: MemberReader, _ findings: inout Findings
  ) -> RetryPolicy.Budgets {
    var budgets = RetryPolicy.Budgets()
    guard let keys = inner("budgets", ["memory", "time", "infrastructure"], outer, &findings)
    else { return budgets }
    budgets.memory = keys.integer("memory", atLeast: 0, &findings)
    budgets.time = keys.integer("time", atLeast: 0, &findings)
    budgets.infrastructure = keys.integer("infrastructure", atLeast: 0, &findings)
    return budgets
  }

  private static func growth(
    _ outer: MemberReader, _ findings: inout Findings
  ) -> ResourceGrowth? {
    guard let keys = inner("grow", ["memory", "time"], outer, &findings) else { return nil }
    return ResourceGrowth(
      memory: number("memory", atLeast: 1, keys, &findings) ?? 1,
      time: number("time", atLeast: 1, keys, &findings) ?? 1)
  }

  /// An object in `config.retry`, with a warning for each key that it does not have.
  private static func inner(
    _ key: String, _ names: [String], _ outer: MemberReader, _ findings: inout Findings
  ) -> MemberReader? {
    guard let object = outer.object(key, &findings) else { return nil }
    let keys = MemberReader(object: object, place: outer.place.inside(".\(key)"))
    for (name, _) in object.members where !names.contains(name) {
      findings.warning(
        keys.place.key(name.displayName),
        "unknown key, not read (known: \(names.joined(separator: ", ")))")
    }
    return keys
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
    _ key: String, atLeast minimum: Double, _ keys: MemberReader, _ findings: inout Findings
  ) -> Double? {
    guard let value = keys.value(key) else { return nil }
    if let number = value.double ?? value.string.flatMap({ Double($0) }), number.isFinite,
      number >= minimum
    {
      return number
    }
    findings.error(
      keys.place.key(key), "expected a number, \(Int(minimum)) or more, found \(value.described)")
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
