import JSONValue

/// The signals, by name or index.
struct SignalTable {
  /// The array's key in this file, `signals` or `data`.
  let list: String
  let signals: [Workflow.Signal]
  private let byName: [ExactText: SignalID]
  private let namesakes: [ExactText: [SignalID]]

  /// A parsed element of `ins` or `outs`.
  struct Reference {
    let signal: SignalID
    /// The parts of `"file:3"` or `"file:fcount"`; `nil` without a colon.
    var count: Workflow.Input.Count?
  }

  init(list: String, _ signals: [Workflow.Signal]) {
    self.list = list
    self.signals = signals
    var byName: [ExactText: SignalID] = [:]
    var namesakes: [ExactText: [SignalID]] = [:]
    byName.reserveCapacity(signals.count)
    for signal in signals where signal.isNamed {
      guard let first = byName.updateValue(signal.id, forKey: ExactText(signal.name)) else {
        continue
      }
      namesakes[ExactText(signal.name), default: [first]].append(signal.id)
    }
    self.byName = byName
    self.namesakes = namesakes
  }

  subscript(_ id: SignalID) -> Workflow.Signal { signals[id.index] }

  /// A number is an index from 0. A text is a name, first as a whole, then as `name:count`.
  /// `nil` was reported.
  func resolve(
    _ reference: JSON, at path: @autoclosure () -> String, _ findings: inout Findings
  ) -> Reference? {
    switch reference {
    case .int(let index) where signals.indices.contains(index):
      return Reference(signal: SignalID(number: index + 1))
    case .int(let index):
      findings.error(path(), "no signal with index \(index): \(extent)")
    case .string(let text):
      return resolve(text, at: path(), &findings)
    default:
      findings.error(
        path(), "expected a signal's name or index, found \(reference.described)")
    }
    return nil
  }

  private func resolve(
    _ text: String, at path: @autoclosure () -> String, _ findings: inout Findings
  ) -> Reference? {
    if byName[ExactText(text)] != nil {
      return unique(text, at: path(), &findings).map { Reference(signal: $0) }
    }
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else {
      findings.error(path(), unknown(text))
      return nil
    }
    let name = String(text[..<colon])
    let suffix = String(text[text.utf8.index(after: colon)...])
    guard byName[ExactText(name)] != nil else {
      findings.error(path(), unknown(name))
      return nil
    }
    guard let signal = unique(name, at: path(), &findings),
      let count = count(suffix, at: path(), &findings)
    else { return nil }
    return Reference(signal: signal, count: count)
  }

  private func count(
    _ suffix: String, at path: @autoclosure () -> String, _ findings: inout Findings
  ) -> Workflow.Input.Count? {
    if let number = Int(suffix) {
      if number >= 1 { return .fixed(number) }
      findings.error(path(), "the count after ':' must be 1 or more, found \(number)")
      return nil
    }
    guard byName[ExactText(suffix)] != nil else {
      findings.error(path(), unknown(suffix))
      return nil
    }
    guard let signal = unique(suffix, at: path(), &findings) else { return nil }
    if self[signal].control == .count { return .signal(signal) }
    findings.error(
      path(), "\(suffix.quotedForMessage) counts nothing: its signal needs \"control\": \"count\"")
    return nil
  }

  private func unique(
    _ name: String, at path: @autoclosure () -> String, _ findings: inout Findings
  ) -> SignalID? {
    guard let same = namesakes[ExactText(name)] else { return byName[ExactText(name)] }
    findings.error(
      path(),
      "\(same.count) signals are named \(name.quotedForMessage) (\(list)[\(same[0].index)] and"
        + " \(list)[\(same[1].index)]\(same.count > 2 ? ", …" : "")): rename them or use the index")
    return nil
  }

  private var extent: String {
    switch signals.count {
    case 0: "there are no signals"
    case 1: "there is one signal, 0"
    case let count: "there are \(count), from 0 to \(count - 1)"
    }
  }

  private func unknown(_ name: String) -> String {
    let problem = "no signal named \(name.quotedForMessage)"
    if let index = Int(name), signals.indices.contains(index) {
      return problem + " (a string is a name: write \(index) without quotes for the index)"
    }
    guard let close = EditDistance.closest(to: name, among: signals.lazy.map(\.name)) else {
      return problem
    }
    return problem + " (did you mean \(close.quotedForMessage)?)"
  }
}

extension Workflow.Signal {
  /// Whether the name is from the file.
  fileprivate var isNamed: Bool {
    if let name = attributes["name"], name != .null { true } else { false }
  }
}
