public import JSONValue

/// Decodes an abstract workflow of Pegasus 5, as far as it is self-contained, with one finding for
/// each mistake.
///
/// | of the workflow | in the instance |
/// |---|---|
/// | job | task; its `uses` are input and output files |
/// | `jobDependencies`, files that another job makes | parents |
/// | `transformationCatalog` | the program: its first `pfn` that is a path |
/// | `profiles`: `env`; `cores`, `memory`, `runtime` of `pegasus` | environment, resources, time |
/// | a subworkflow, a program that must be fetched | an error |
/// | `replicaCatalog` | a warning for each input that is in another place |
public struct PegasusDecoder {
  private static let list = "jobs"

  private var tasks: [WfInstance.Task] = []
  private var indices: [String: Int] = [:]
  private let programs: [String: Program]

  private enum Program {
    case path(String)
    /// The address to fetch it from.
    case remote(String)
  }

  /// `nil` if the document is no workflow of Pegasus.
  public static func read(_ document: JSON, findingLimit: Int? = nil) -> WfInstance.Reading? {
    guard let file = document.object, file["pegasus"] != nil, file["jobs"] != nil else {
      return nil
    }
    var findings = findingLimit.map { Findings(limit: $0) } ?? Findings()
    if let version = file["pegasus"]?.word, !version.hasPrefix("5") {
      findings.warning("pegasus", "written for version \(version.quotedForMessage), read as 5.0")
    }
    var decoder = PegasusDecoder(programs: programs(file["transformationCatalog"]))
    decoder.addJobs(file["jobs"], &findings)
    decoder.addParents(file["jobDependencies"], &findings)
    decoder.checkReplicas(file["replicaCatalog"], &findings)
    let instance = WfInstance(
      name: file["name"]?.word ?? "wf", tasks: decoder.tasks, sizes: [:], taskList: list)
    return WfInstance.Reading(
      instance: findings.hasErrors ? nil : instance, findings: findings.all)
  }

  private init(programs: [String: Program]) { self.programs = programs }

  // MARK: Programs

  private static func key(_ transformation: JSON) -> String {
    ["namespace", "name", "version"].map { transformation[$0]?.word ?? "" }
      .joined(separator: "\0")
  }

  private static func programs(_ catalog: JSON?) -> [String: Program] {
    var programs: [String: Program] = [:]
    for transformation in catalog?["transformations"]?.array ?? [] {
      let places = (transformation["sites"]?.array ?? []).compactMap { $0["pfn"]?.word }
      if let path = places.compactMap(localPath).first {
        programs[key(transformation)] = .path(path)
      } else if let first = places.first {
        programs[key(transformation)] = .remote(first)
      }
    }
    return programs
  }

  /// `nil` for a URL of another host.
  private static func localPath(_ place: String) -> String? {
    for prefix in ["file://localhost/", "file:///"] where place.hasPrefix(prefix) {
      return "/" + place.dropFirst(prefix.count)
    }
    return place.contains("://") ? nil : place
  }

  // MARK: Jobs

  private mutating func addJobs(_ jobs: JSON?, _ findings: inout Findings) {
    guard let elements = jobs?.array, !elements.isEmpty else {
      findings.error(Self.list, "expected an array with at least one job")
      return
    }
    for (index, job) in elements.enumerated() {
      let place = JSONPath(list: Self.list, index: index)
      guard let id = job["id"]?.word, !id.isEmpty else {
        findings.error(place.key("id"), "missing, expected the job's id")
        continue
      }
      if let type = job["type"]?.word, type != "job" {
        findings.error(
          place.key("type"),
          "\(type.quotedForMessage) is a workflow in another file; run that one by itself")
      }
      if indices[id] != nil {
        findings.error(place.key("id"), "\(id.quotedForMessage) is the id of another job, too")
        continue
      }
      indices[id] = tasks.count
      tasks.append(task(job, id, place, &findings))
    }
  }

  private func task(
    _ job: JSON, _ id: String, _ place: JSONPath, _ findings: inout Findings
  ) -> WfInstance.Task {
    let name = job["name"]?.word ?? id
    var task = WfInstance.Task(id: id, name: name)
    for (position, use) in (job["uses"]?.array ?? []).enumerated() {
      guard let file = use["lfn"]?.word, !file.isEmpty else {
        findings.error(place.element("uses", position), "no lfn, expected the name of a file")
        continue
      }
      switch use["type"]?.word {
      case "input", "checkpoint": task.inputs.append(file)
      case "output": task.outputs.append(file)
      case "inout":
        task.inputs.append(file)
        task.outputs.append(file)
      default:
        findings.error(
          place.element("uses", position),
          "expected \"type\": \"input\", \"output\" or \"inout\"")
      }
    }
    let arguments = (job["arguments"]?.array ?? []).compactMap(\.word)
    let pegasus = job["profiles"]?["pegasus"]
    var execution = WfInstance.Execution(
      runtime: (Self.number(pegasus?["runtime"]) ?? 0) * 1000,
      program: program(of: job, name, place, &findings), arguments: arguments,
      cores: Self.number(pegasus?["cores"]),
      memoryBytes: Self.number(pegasus?["memory"]).map { Int($0 * 1_048_576) })
    for stream in ["stdin", "stdout", "stderr"] {
      execution.streams[stream] = job[stream]?.word ?? job[stream]?["lfn"]?.word
    }
    execution.environment = (job["profiles"]?["env"]?.object?.members ?? []).compactMap {
      name, value in value.word.map { (name, $0) }
    }
    task.execution = execution
    return task
  }

  private func program(
    of job: JSON, _ name: String, _ place: JSONPath, _ findings: inout Findings
  ) -> String {
    switch programs[Self.key(job)] {
    case .path(let path): return path
    case .remote(let address):
      findings.error(
        place.key("name"),
        "the program of \(name.quotedForMessage) is at \(address.quotedForMessage); fetch it, and "
          + "give its path as pfn in transformationCatalog")
    case nil:
      findings.warning(
        place.key("name"),
        "transformationCatalog has no \(name.quotedForMessage), so it is looked up in PATH")
    }
    return name
  }

  /// Profiles have numbers as text, too.
  private static func number(_ value: JSON?) -> Double? {
    let number = value?.double ?? value?.string.flatMap { Double($0) }
    return number.flatMap { $0 > 0 && $0 < 1e9 ? $0 : nil }
  }

  // MARK: Order

  private mutating func addParents(_ dependencies: JSON?, _ findings: inout Findings) {
    var parents = [Set<Int>](repeating: [], count: tasks.count)
    for (index, entry) in (dependencies?.array ?? []).enumerated() {
      let place = JSONPath(list: "jobDependencies", index: index)
      guard let parent = indices[entry["id"]?.word ?? ""] else {
        findings.error(place.key("id"), "expected the id of a job")
        continue
      }
      for (position, child) in (entry["children"]?.array ?? []).enumerated() {
        guard let child = indices[child.word ?? ""], child != parent else {
          findings.error(place.element("children", position), "expected the id of another job")
          continue
        }
        parents[child].insert(parent)
      }
    }
    // Pegasus infers the others from files.
    var makers: [String: [Int]] = [:]
    for (index, task) in tasks.enumerated() {
      for file in task.outputs { makers[file, default: []].append(index) }
    }
    for (index, task) in tasks.enumerated() {
      for file in task.inputs {
        if let made = makers[file], made.count == 1, made[0] != index {
          parents[index].insert(made[0])
        }
      }
    }
    for index in tasks.indices { tasks[index].parents = parents[index].sorted() }
  }

  private func checkReplicas(_ catalog: JSON?, _ findings: inout Findings) {
    let made = Set(tasks.flatMap(\.outputs))
    let read = Set(tasks.flatMap(\.inputs)).subtracting(made)
    for (index, replica) in (catalog?["replicas"]?.array ?? []).enumerated() {
      guard let file = replica["lfn"]?.word, read.contains(file) else { continue }
      let places = (replica["pfns"]?.array ?? []).compactMap { $0["pfn"]?.word }
      guard let first = places.first, !places.contains(file) else { continue }
      findings.warning(
        JSONPath(list: "replicaCatalog.replicas", index: index).key("pfns"),
        "\(file.quotedForMessage) is at \(first.quotedForMessage), and is looked for in the "
          + "workflow's directory: link or copy it there")
    }
  }
}

extension JSON {
  /// A string or a number as text: YAML reads `5.0` as a number.
  fileprivate var word: String? {
    switch self {
    case .string(let text): text
    case .int, .double: displayText
    case .null, .bool, .array, .object: nil
    }
  }
}
