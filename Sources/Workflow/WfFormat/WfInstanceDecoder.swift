import JSONValue

/// Decodes an instance of WfFormat, with one finding for each mistake.
struct WfInstanceDecoder {
  static let taskList = "workflow.specification.tasks"
  private static let runList = "workflow.execution.tasks"
  private static let version = "1.5"

  private var tasks: [WfInstance.Task] = []
  private var indices: [String: Int] = [:]
  private var sizes: [String: Int] = [:]

  static func place(_ index: Int) -> String { "\(taskList)[\(index)]" }

  static func decode(_ file: JSONObject, _ findings: inout Findings) -> WfInstance? {
    if let given = file["schemaVersion"], given != .string(version) {
      findings.error(
        "schemaVersion",
        "expected \"\(version)\", found \(given.described); convert the file with WfFormat's tools")
      return nil
    }
    guard case .object(let workflow)? = file["workflow"] else {
      findings.error("workflow", "expected an object")
      return nil
    }
    guard case .object(let specification)? = workflow["specification"] else {
      findings.error("workflow.specification", "missing, expected an object with tasks")
      return nil
    }
    var decoder = WfInstanceDecoder()
    decoder.addTasks(specification["tasks"], &findings)
    decoder.addParents(specification["tasks"], &findings)
    decoder.addSizes(specification["files"], &findings)
    decoder.addExecution(workflow["execution"], &findings)
    let name = file["name"]?.string ?? ""
    if name.isEmpty { findings.warning("name", "missing, expected a string") }
    return WfInstance(
      name: name.isEmpty ? "wf" : name, tasks: decoder.tasks, sizes: decoder.sizes)
  }

  // MARK: Specification

  private mutating func addTasks(_ list: JSON?, _ findings: inout Findings) {
    guard case .array(let elements)? = list, !elements.isEmpty else {
      findings.error(Self.taskList, "expected an array with at least one task")
      return
    }
    for (index, element) in elements.enumerated() {
      let place = JSONPath(list: Self.taskList, index: index)
      guard case .object(let object) = element else {
        findings.error(place.description, "expected an object, found \(element.described)")
        continue
      }
      let keys = MemberReader(object: object, place: place)
      guard let id = keys.text("id", &findings), !id.isEmpty else {
        findings.error(place.key("id"), "missing, expected the task's id")
        continue
      }
      if indices[id] != nil {
        findings.error(place.key("id"), "\(id.quotedForMessage) is the id of another task, too")
        continue
      }
      indices[id] = tasks.count
      var task = WfInstance.Task(id: id, name: keys.text("name", &findings) ?? id)
      task.inputs = Self.names(keys, "inputFiles", &findings)
      task.outputs = Self.names(keys, "outputFiles", &findings)
      tasks.append(task)
    }
  }

  /// The strings of an array, each once.
  private static func names(
    _ keys: MemberReader, _ key: String, _ findings: inout Findings
  ) -> [String] {
    var seen: Set<String> = []
    var names: [String] = []
    for (position, element) in (keys.array(key, &findings) ?? []).enumerated() {
      guard let name = element.string, !name.isEmpty else {
        findings.error(
          keys.place.element(key, position), "expected a name, found \(element.described)")
        continue
      }
      if seen.insert(name).inserted { names.append(name) }
    }
    return names
  }

  /// Parents, and children as parents of the others: some instances list only one of them.
  private mutating func addParents(_ list: JSON?, _ findings: inout Findings) {
    var parents = [Set<Int>](repeating: [], count: tasks.count)
    for (index, element) in (list?.array ?? []).enumerated() {
      guard let object = element.object, let id = object["id"]?.string,
        let task = indices[id]
      else { continue }
      let keys = MemberReader(object: object, place: JSONPath(list: Self.taskList, index: index))
      for other in references(keys, "parents", from: task, &findings) {
        parents[task].insert(other)
      }
      for other in references(keys, "children", from: task, &findings) {
        parents[other].insert(task)
      }
    }
    for index in tasks.indices { tasks[index].parents = parents[index].sorted() }
  }

  private func references(
    _ keys: MemberReader, _ key: String, from task: Int, _ findings: inout Findings
  ) -> [Int] {
    var found: [Int] = []
    for (position, name) in Self.names(keys, key, &findings).enumerated() {
      let place = { keys.place.element(key, position) }
      guard let other = indices[name] else {
        findings.error(place(), "no task with the id \(name.quotedForMessage)")
        continue
      }
      if other == task {
        findings.error(place(), "\(name.quotedForMessage) is the task itself")
      } else {
        found.append(other)
      }
    }
    return found
  }

  private mutating func addSizes(_ list: JSON?, _ findings: inout Findings) {
    guard let list, list != .null else { return }
    guard case .array(let elements) = list else {
      findings.error("workflow.specification.files", "expected an array, found \(list.described)")
      return
    }
    for (index, element) in elements.enumerated() {
      let place = JSONPath(list: "workflow.specification.files", index: index)
      guard let id = element["id"]?.string else {
        findings.error(place.key("id"), "missing, expected the file's id")
        continue
      }
      guard let size = element["sizeInBytes"]?.int, size >= 0 else {
        findings.warning(place.key("sizeInBytes"), "expected a number of bytes, so it is unknown")
        continue
      }
      sizes[id] = size
    }
  }

  // MARK: Execution

  private mutating func addExecution(_ execution: JSON?, _ findings: inout Findings) {
    guard let execution, execution != .null else {
      findings.warning("workflow.execution", "missing, so there are no times and no commands")
      return
    }
    for (index, element) in (execution["tasks"]?.array ?? []).enumerated() {
      let place = JSONPath(list: Self.runList, index: index)
      guard let id = element["id"]?.string, let task = indices[id] else {
        findings.warning(place.key("id"), "no task of the specification has this id, not read")
        continue
      }
      tasks[task].execution = Self.execution(element, place, &findings)
    }
    let missing = tasks.filter { $0.execution == nil }
    if let first = missing.first {
      findings.warning(
        Self.runList,
        missing.count == 1
          ? "no execution of \(first.id.quotedForMessage)"
          : "no execution of \(first.id.quotedForMessage) and \(missing.count - 1) others")
    }
  }

  private static func execution(
    _ json: JSON, _ place: JSONPath, _ findings: inout Findings
  ) -> WfInstance.Execution {
    let seconds = json["runtimeInSeconds"]?.double ?? -1
    if seconds < 0 {
      findings.warning(
        place.key("runtimeInSeconds"), "expected a number of seconds, so it counts as 0")
    }
    let command = json["command"]
    let program = command?["program"]?.string ?? ""
    let memory = json["memoryInBytes"]?.double ?? 0
    return WfInstance.Execution(
      runtime: max(0, seconds) * 1000, program: program.isEmpty ? nil : program,
      arguments: (command?["arguments"]?.array ?? []).compactMap(\.string),
      cores: json["coreCount"]?.double.flatMap { $0 >= 1 ? $0 : nil },
      memoryBytes: memory >= 1 && memory < 1e18 ? Int(memory) : nil)
  }
}
