import JSONValue

/// The elements of `processes`.
struct ProcessDecoder {
  let table: SignalTable
  /// The previous process; the next one shares its equal parts.
  private var last: Workflow.Process?
  /// Whether nothing was found in the `config` of the previous process.
  private var lastConfigIsClean = false

  init(table: SignalTable) { self.table = table }

  private static let knownKeys = KnownKeys([
    "name", "ins", "outs", "function", "type", "config", "firingLimit", "parlevel",
    "firingInterval", "sticky", "ordering", "executeWhenRecovering", "stateful", "joinCount",
    "activeBranchesCount",
  ])

  /// `nil` for an element that is not an object. Other mistakes are findings, and the rest of
  /// the process is still checked.
  mutating func decode(
    _ json: JSON, _ place: JSONPath, _ findings: inout Findings,
    to processes: inout [Workflow.Process]
  ) {
    guard case .object(let object) = json else {
      findings.error(place.description, "expected an object, found \(json.described)")
      return
    }
    let keys = MemberReader(object: object, place: place)
    let id = ProcessID(number: place.index + 1)
    let name = keys.name("name", &findings) ?? "process \(id)"
    let kind = kind(keys, &findings)
    let function = function(keys, &findings)
    let inputs = inputs(keys, &findings)
    let outputs = outputs(keys, &findings)
    let limit = keys.integer("firingLimit", atLeast: 0, &findings) ?? 0
    let config = shared(keys.object("config", &findings) ?? JSONObject())
    let policies = policies(config, place, &findings)
    var traits = Workflow.Process.Traits.Values(
      kind: kind, function: function.map(ExactText.init), firingLimit: limit == 0 ? nil : limit,
      parlevel: keys.integer("parlevel", atLeast: 0, &findings) ?? 1,
      firingInterval: keys.integer("firingInterval", atLeast: 0, &findings),
      ordering: keys.flag("ordering", &findings),
      executeWhenRecovering: keys.flag("executeWhenRecovering", &findings),
      stateful: keys.flag("stateful", &findings),
      joinCount: keys.integer("joinCount", atLeast: 1, &findings),
      activeBranchesCount: keys.integer("activeBranchesCount", atLeast: 1, &findings),
      retry: policies.retry, timeout: policies.timeout, drain: policies.drain)
    traits.extra = keys.unknownKeys(Self.knownKeys, &findings)
    let process = Workflow.Process(
      id: id, name: name, inputs: inputs, outputs: outputs, config: config.object,
      traits: Workflow.Process.traits(traits, sharedWith: last))
    processes.append(process)
    last = process
  }

  /// The `config` of the previous process if both give the same text, so that they share memory.
  private func shared(_ config: JSONObject) -> (object: JSONObject, isLast: Bool) {
    guard let last, JSON.object(last.config).isIdentical(to: .object(config)) else {
      return (config, false)
    }
    return (last.config, true)
  }

  /// What `config` says about attempts. The rest of it is only checked. The same `config` as in the
  /// previous process is not checked again if nothing was found in it.
  private mutating func policies(
    _ config: (object: JSONObject, isLast: Bool), _ place: JSONPath, _ findings: inout Findings
  ) -> (retry: RetryPolicy?, timeout: Double?, drain: Double?) {
    if config.isLast, lastConfigIsClean, let last {
      return (last.retry, last.timeout, last.drain)
    }
    let before = findings.count
    let object = config.object
    let policies = (
      retry: RetryDecoder.policy(object, place, &findings),
      timeout: RetryDecoder.timeout(object, place, &findings),
      drain: RetryDecoder.drain(object, place, &findings)
    )
    // Only checked: `Process.command` decodes it when it is needed.
    _ = CommandDecoder.decode(object, place, &findings)
    ContainerDecoder.check(object, place, &findings)
    lastConfigIsClean = findings.count == before
    return policies
  }

  private func kind(_ keys: MemberReader, _ findings: inout Findings) -> Workflow.Process.Kind {
    guard let type = keys.text("type", &findings), !type.isEmpty else { return .dataflow }
    let lowered = type.lowercased()
    if let kind = Workflow.Process.Kind(rawValue: lowered) { return kind }
    if lowered == "cchoice" || lowered == "csplitter" {
      findings.error(
        keys.place.key("type"),
        "\(type.quotedForMessage) is not supported; use \"\(lowered.dropFirst())\"")
    } else {
      findings.warning(
        keys.place.key("type"), "unknown type \(type.quotedForMessage), treated as \"dataflow\"")
    }
    return .dataflow
  }

  private func function(_ keys: MemberReader, _ findings: inout Findings) -> String? {
    switch keys.value("function") {
    case nil, .string("")?:
      findings.error(keys.place.key("function"), "missing, expected the name of a function")
      return nil
    default: return keys.text("function", &findings)
    }
  }

  // MARK: Inputs

  private func inputs(_ keys: MemberReader, _ findings: inout Findings) -> [Workflow.Input] {
    let references = references(keys, "ins", &findings)
    if let plain = plainInputs(keys, references) { return plain }
    var counts: [SignalID: Workflow.Input.Count?] = [:]
    counts.reserveCapacity(references.count)
    for (position, reference) in references {
      let known = counts[reference.signal] ?? nil
      if let known, let count = reference.count, count != known {
        findings.warning(
          keys.place.element("ins", position),
          "another count for the same signal; this one is used")
      }
      counts.updateValue(reference.count ?? known, forKey: reference.signal)
      if case .signal(let counter)? = reference.count, counts[counter] == nil {
        counts.updateValue(nil, forKey: counter)
      }
    }
    let sticky = sticky(keys, among: counts, &findings)
    return counts.sorted { $0.key < $1.key }
      .map { signal, count in
        Workflow.Input(
          signal: signal, count: count ?? .fixed(1), sticky: sticky.contains(signal),
          control: table[signal].control)
      }
  }

  /// Inputs without counts and sticky signals, the most frequent case; `nil` for others.
  private func plainInputs(
    _ keys: MemberReader, _ references: [(position: Int, reference: SignalTable.Reference)]
  ) -> [Workflow.Input]? {
    guard keys.value("sticky") == nil, references.allSatisfy({ $0.reference.count == nil }) else {
      return nil
    }
    var inputs: [Workflow.Input] = []
    inputs.reserveCapacity(references.count)
    for signal in references.map(\.reference.signal).sorted() where signal != inputs.last?.signal {
      inputs.append(
        Workflow.Input(
          signal: signal, count: .fixed(1), sticky: false, control: table[signal].control))
    }
    return inputs
  }

  private func sticky(
    _ keys: MemberReader, among inputs: [SignalID: Workflow.Input.Count?],
    _ findings: inout Findings
  ) -> Set<SignalID> {
    guard let elements = keys.array("sticky", &findings) else { return [] }
    var sticky: Set<SignalID> = []
    for (position, element) in elements.enumerated() {
      let path = { keys.place.element("sticky", position) }
      guard let signal = table.resolve(element, at: path(), &findings)?.signal else { continue }
      if inputs[signal] == nil {
        findings.warning(path(), "\(table[signal].name.quotedForMessage) is not among the ins")
      }
      sticky.insert(signal)
    }
    return sticky
  }

  // MARK: Outputs

  private func outputs(_ keys: MemberReader, _ findings: inout Findings) -> [Workflow.Output] {
    let references = references(keys, "outs", &findings)
    if references.count <= 1, references.allSatisfy({ $0.reference.count == nil }) {
      return references.map { Workflow.Output(table, $0.reference.signal, countSignal: nil) }
    }
    var counters: [SignalID: SignalID] = [:]
    var order: [SignalID] = []
    var appended: [SignalID] = []
    for (position, reference) in references {
      order.append(reference.signal)
      switch reference.count {
      case .signal(let counter)?:
        counters[reference.signal] = counter
        appended.append(counter)
      case .fixed(let number)?:
        findings.error(
          keys.place.element("outs", position),
          "the count of an output must be a count signal, found \(number)")
      case nil: break
      }
    }
    var seen: Set<SignalID> = []
    let latest = (order + appended).reversed().filter { seen.insert($0).inserted }.reversed()
    return latest.map { Workflow.Output(table, $0, countSignal: counters[$0]) }
  }

  // MARK: References

  /// The signals of `ins` or `outs`, with their places; without signals that no process may
  /// use.
  func references(
    _ keys: MemberReader, _ key: String, _ findings: inout Findings
  ) -> [(position: Int, reference: SignalTable.Reference)] {
    guard keys.value(key) != nil else {
      findings.error(keys.place.key(key), "missing, expected an array of signals ([] for none)")
      return []
    }
    guard let elements = keys.array(key, &findings) else { return [] }
    var references: [(Int, SignalTable.Reference)] = []
    references.reserveCapacity(elements.count)
    for (position, element) in elements.enumerated() {
      let path = { keys.place.element(key, position) }
      guard let reference = table.resolve(element, at: path(), &findings) else { continue }
      if !table[reference.signal].hasUnknownControl { references.append((position, reference)) }
    }
    return references
  }
}

extension Workflow.Output {
  fileprivate init(_ table: SignalTable, _ signal: SignalID, countSignal: SignalID?) {
    self.init(signal: signal, countSignal: countSignal, control: table[signal].control)
  }
}
