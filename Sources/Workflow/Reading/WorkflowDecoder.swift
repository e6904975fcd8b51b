import JSONValue

/// Decodes JSON into a checked workflow: signals first, because everything else refers to them.
enum WorkflowDecoder {
  private static let knownKeys: Set<String> = [
    "name", "processes", "tasks", "signals", "data", "ins", "outs", "functions",
  ]

  /// Long arrays: one element at a time is in memory as JSON.
  static let listKeys: Set<String> = ["processes", "tasks", "signals", "data"]

  static func decode(_ outline: JSONOutline, _ findings: inout Findings) -> Workflow? {
    guard case .object(let file) = outline.value else {
      findings.error(
        "", "expected an object with processes and signals, found \(outline.value.kindName)")
      return nil
    }
    let processList = list(in: file, outline.lists, "processes", or: "tasks", &findings)
    let signalList = list(in: file, outline.lists, "signals", or: "data", &findings)
    let table = SignalDecoder.decode(signalList.elements, named: signalList.key, &findings)
    var decoder = ProcessDecoder(table: table)
    var processes: [Workflow.Process] = []
    processes.reserveCapacity(processList.elements.count)
    for (index, element) in processList.elements.enumerated() {
      let place = JSONPath(list: processList.key, index: index)
      decoder.decode(element, place, &findings, to: &processes)
    }
    let ins = references(in: file, "ins", table, &findings)
    let outs = references(in: file, "outs", table, &findings)
    let functions = functions(in: file, &findings)
    let name = name(in: file, &findings)
    if findings.hasErrors { return nil }
    if processes.isEmpty { findings.warning(processList.key, "empty, there is nothing to run") }
    let workflow = Workflow(
      name: name, processes: processes, signals: table.signals, ins: ins, outs: outs,
      functions: functions, extra: extra(in: file), processListKey: processList.key)
    InputCheck(workflow: workflow, decoder: decoder, list: processList).check(&findings)
    return workflow
  }

  /// The array under its name, else under its old name.
  private static func list(
    in file: JSONObject, _ lists: [String: JSONList], _ key: String, or oldKey: String,
    _ findings: inout Findings
  ) -> FileList {
    let isGiven = file[key].map { !$0.isFalsy } ?? false
    if isGiven, let old = file[oldKey], !old.isFalsy {
      findings.warning(oldKey, "not read, because there is \"\(key)\" too")
    }
    let used = isGiven || file[oldKey] == nil ? key : oldKey
    switch file[used] {
    case .array?: return FileList(key: used, elements: lists[used] ?? JSONList())
    case nil, .null?: findings.error(used, "missing, expected an array")
    case let other?: findings.error(used, "expected an array, found \(other.described)")
    }
    return FileList(key: used, elements: JSONList())
  }

  private static func references(
    in file: JSONObject, _ key: String, _ table: SignalTable, _ findings: inout Findings
  ) -> [SignalID] {
    let elements: [JSON]
    switch file[key] {
    case .array(let given)?: elements = given
    case nil, .null?:
      findings.error(key, "missing, expected an array of signals ([] for none)")
      return []
    case let other?:
      findings.error(key, "expected an array of signals, found \(other.described)")
      return []
    }
    return elements.enumerated().compactMap { position, element in
      table.resolve(element, at: "\(key)[\(position)]", &findings)?.signal
    }
  }

  private static func functions(
    in file: JSONObject, _ findings: inout Findings
  ) -> [Workflow.FunctionModule] {
    guard let value = file["functions"], value != .null else { return [] }
    guard case .array(let elements) = value else {
      findings.error("functions", "expected an array, found \(value.described)")
      return []
    }
    return elements.enumerated().compactMap { index, element in
      let place = JSONPath(list: "functions", index: index)
      guard case .object(let object) = element else {
        findings.error(place.description, "expected an object, found \(element.described)")
        return nil
      }
      let keys = MemberReader(object: object, place: place)
      let module = keys.text("module", &findings)
      if let name = keys.text("name", &findings) {
        return Workflow.FunctionModule(name: name, module: module)
      }
      if keys.value("name") == nil {
        findings.warning(place.key("name"), "missing, so nothing can use this module")
      }
      return nil
    }
  }

  private static func name(in file: JSONObject, _ findings: inout Findings) -> String {
    switch file["name"] {
    case nil, .null?, .string("")?: return "wf"
    case .string(let name)?: return name
    case let other?:
      if other.double != nil { return other.text }
      findings.error("name", "expected a string, found \(other.described)")
      return "wf"
    }
  }

  private static func extra(in file: JSONObject) -> JSONObject {
    JSONObject(file.members.filter { !knownKeys.contains($0.key) }.map { ($0.key, $0.value) })
  }
}

/// A top-level array and the key that this file uses for it.
struct FileList {
  let key: String
  let elements: JSONList
}

extension JSON {
  /// What JavaScript treats as false.
  fileprivate var isFalsy: Bool {
    switch self {
    case .null, .bool(false), .int(0), .string(""): true
    default: false
    }
  }
}
