import JSONValue

/// The elements of `signals`.
enum SignalDecoder {
  static func decode(
    _ elements: JSONList, named list: String, _ findings: inout Findings
  ) -> SignalTable {
    var signals: [Workflow.Signal] = []
    signals.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      let place = JSONPath(list: list, index: index)
      signals.append(decode(element, SignalID(number: index + 1), place, &findings))
    }
    return SignalTable(list: list, signals)
  }

  /// Always returns a signal, so that the others keep their numbers.
  private static func decode(
    _ json: JSON, _ id: SignalID, _ place: JSONPath, _ findings: inout Findings
  ) -> Workflow.Signal {
    var object = JSONObject()
    if case .object(let given) = json {
      object = given
    } else {
      findings.error(place.description, "expected an object, found \(json.described)")
    }
    let keys = MemberReader(object: object, place: place)
    let name = keys.name("name", &findings)
    let control = control(keys, &findings)
    let data = keys.array("data", &findings)
    if control != nil, data?.isEmpty == false {
      findings.warning(
        place.key("data"),
        "starts a control signal: HyperFlow takes these instances for values, here they control")
    }
    if let sinks = keys.value("remoteSinks")?.array, !sinks.isEmpty {
      findings.warning(
        place.key("remoteSinks"),
        "HyperFlow sends each instance to these addresses, too; here nothing is sent to them")
    }
    if object["data"] != nil { object["data"] = nil }
    return Workflow.Signal(
      id: id, name: name ?? "signal \(id)", control: control, data: data, attributes: object,
      hasUnknownControl: control == nil && keys.isGiven("control"))
  }

  private static func control(
    _ keys: MemberReader, _ findings: inout Findings
  ) -> Workflow.Control? {
    guard keys.isGiven("control"), let value = keys.value("control") else { return nil }
    if let control = value.string.flatMap(Workflow.Control.init) { return control }
    switch value {
    case .string, .bool:
      findings.warning(
        keys.place.key("control"),
        "\(value.described) is no kind of control signal, so nothing sends it or waits for it;"
          + " expected next, done, count or merge")
    default:
      findings.error(
        keys.place.key("control"),
        "expected next, done, count or merge, found \(value.described)")
    }
    return nil
  }
}

extension MemberReader {
  /// Whether JavaScript treats the value as true, as HyperFlow does.
  fileprivate func isGiven(_ key: String) -> Bool {
    switch value(key) {
    case nil, .bool(false), .string(""), .int(0): false
    default: true
    }
  }
}
