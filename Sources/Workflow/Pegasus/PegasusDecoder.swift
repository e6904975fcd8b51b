public import JSONValue
import ShellText
import XML

/// Decodes an abstract workflow of Pegasus, as far as it is self-contained, with one finding for
/// each mistake. A DAX is decoded as the document of Pegasus 5 that means the same.
///
/// | of the workflow | in the instance |
/// |---|---|
/// | job | task; its `uses` are input and output files |
/// | `jobDependencies`, files that another job makes | parents |
/// | `transformationCatalog` | the program: its first `pfn` that is a path |
/// | `profiles`: `env`; `cores`, `memory`, `runtime` of `pegasus` | environment, resources, time |
/// | a subworkflow | an error |
/// | a program that must be fetched | an error, or a warning if tasks do not do their work |
/// | `replicaCatalog` | a warning for each input that is in another place |
public struct PegasusDecoder {
  /// The form of the file, with the names that findings use.
  enum Form {
    case yaml, dax

    var jobs: String { self == .yaml ? "jobs" : "adag.job" }
    var dependencies: String { self == .yaml ? "jobDependencies" : "adag.child" }
    var parents: String { self == .yaml ? "parents" : "parent" }
    var transformations: String { self == .yaml ? "transformationCatalog" : "adag.executable" }
    var replicas: String { self == .yaml ? "replicaCatalog.replicas" : "adag.file" }
    var replicaPlaces: String { self == .yaml ? "pfns" : "pfn" }
  }

  private let form: Form
  private let needsCommands: Bool
  private let programs: Programs
  private var tasks: [WfInstance.Task] = []
  private var indices: [String: Int] = [:]
  private var sizes: [String: Int] = [:]
  /// Programs with a finding.
  private var reported: Set<String> = []

  private enum Program {
    case path(String)
    /// The address to fetch it from.
    case remote(String)
  }

  /// Names in their order, each once: a process waits for each of its inputs.
  private struct UniqueNames {
    private(set) var names: [String] = []
    private var seen: Set<String> = []

    mutating func add(_ name: String) {
      if seen.insert(name).inserted { names.append(name) }
    }
  }

  private struct Programs {
    struct Entry {
      var program: Program?
      var environment: [(name: String, value: String)] = []
    }
    /// By namespace, name and version.
    var entries: [String: Entry] = [:]
    /// Programs by name, if no other one has that name.
    var unique: [String: Entry] = [:]
  }

  /// `nil` if the document is not a workflow of Pegasus 5.
  ///
  /// - Parameter needsCommands: whether tasks are to do their work.
  public static func read(
    _ document: JSON, needsCommands: Bool = true, findingLimit: Int? = nil
  ) -> WfInstance.Reading? {
    guard let file = document.object, file["pegasus"] != nil, file["jobs"] != nil else {
      return nil
    }
    var findings = findingLimit.map { Findings(limit: $0) } ?? Findings()
    if let version = file["pegasus"]?.word, !version.hasPrefix("5") {
      findings.warning("pegasus", "written for version \(version.quotedForMessage), read as 5.0")
    }
    return decode(file, .yaml, needsCommands, &findings)
  }

  /// Reads a DAX. `nil` if the text is not a DAX.
  public static func readDAX(
    _ bytes: [UInt8], needsCommands: Bool = true, findingLimit: Int? = nil
  ) -> WfInstance.Reading? {
    guard bytes.first(where: { $0 > 0x20 && ![0xEF, 0xBB, 0xBF].contains($0) }) == 0x3C else {
      return nil
    }
    let start = String(decoding: bytes.prefix(searched), as: UTF8.self)
    guard start.contains("<adag") || start.contains(":adag") else { return nil }
    var findings = findingLimit.map { Findings(limit: $0) } ?? Findings()
    do throws(XMLDocument.Mistake) {
      guard let file = DAXDocument.json(try XMLDocument.read(bytes))?.object else { return nil }
      return decode(file, .dax, needsCommands, &findings)
    } catch {
      findings.error(error.line.map { "line \($0)" } ?? "", error.text)
      return WfInstance.Reading(instance: nil, findings: findings.all)
    }
  }

  /// Comments may be before the first element.
  private static let searched = 65_536

  private static func decode(
    _ file: JSONObject, _ form: Form, _ needsCommands: Bool, _ findings: inout Findings
  ) -> WfInstance.Reading {
    var decoder = PegasusDecoder(
      form: form, needsCommands: needsCommands, programs: programs(file["transformationCatalog"]))
    decoder.addJobs(file["jobs"], &findings)
    decoder.addParents(file["jobDependencies"], &findings)
    decoder.checkReplicas(file["replicaCatalog"], &findings)
    let instance = WfInstance(
      name: file["name"]?.word ?? "wf", tasks: decoder.tasks, sizes: decoder.sizes,
      taskList: form.jobs)
    return WfInstance.Reading(
      instance: findings.hasErrors ? nil : instance, findings: findings.all)
  }

  private init(form: Form, needsCommands: Bool, programs: Programs) {
    self.form = form
    self.needsCommands = needsCommands
    self.programs = programs
  }

  // MARK: Programs

  private static func key(_ transformation: JSON) -> String {
    ["namespace", "name", "version"].map { transformation[$0]?.word ?? "" }
      .joined(separator: "\0")
  }

  private static func programs(_ catalog: JSON?) -> Programs {
    var programs = Programs()
    var counts: [String: Int] = [:]
    for transformation in catalog?["transformations"]?.array ?? [] {
      let places = (transformation["sites"]?.array ?? []).compactMap { $0["pfn"]?.word }
      let path = places.compactMap(localPath).first
      let program = path.map(Program.path) ?? places.first.map(Program.remote)
      let entry = Programs.Entry(program: program, environment: environment(transformation))
      programs.entries[key(transformation)] = entry
      let name = transformation["name"]?.word ?? ""
      counts[name, default: 0] += 1
      programs.unique[name] = counts[name] == 1 ? entry : nil
    }
    return programs
  }

  private static func environment(_ element: JSON) -> [(name: String, value: String)] {
    (element["profiles"]?["env"]?.object?.members ?? []).compactMap { name, value in
      value.word.map { (name, $0) }
    }
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
      findings.error(
        form.jobs,
        form == .yaml ? "expected an array with at least one job" : "expected at least one job")
      return
    }
    for (index, job) in elements.enumerated() {
      let place = JSONPath(list: form.jobs, index: index)
      guard let id = job["id"]?.word, !id.isEmpty else {
        findings.error(place.key("id"), "missing, expected the job's id")
        continue
      }
      if let type = job["type"]?.word, type != "job" {
        let file = job["file"]?.word ?? job["name"]?.word
        let other = file.map { "another file, \($0.quotedForMessage)" } ?? "another file"
        findings.error(
          form == .yaml ? place.key("type") : place.description,
          "\(type.quotedForMessage) is a workflow in \(other); run that one by itself")
      }
      if indices[id] != nil {
        findings.error(place.key("id"), "\(id.quotedForMessage) is the id of another job, too")
        continue
      }
      indices[id] = tasks.count
      tasks.append(task(job, id, place, &findings))
    }
  }

  private mutating func task(
    _ job: JSON, _ id: String, _ place: JSONPath, _ findings: inout Findings
  ) -> WfInstance.Task {
    let name = job["name"]?.word ?? id
    var inputs = UniqueNames()
    var outputs = UniqueNames()
    for (position, use) in (job["uses"]?.array ?? []).enumerated() {
      guard let file = use["lfn"]?.word, !file.isEmpty else {
        findings.error(
          place.element("uses", position), "no \(form == .yaml ? "lfn" : "name") of a file")
        continue
      }
      if let size = Self.number(use["size"] ?? use["metadata"]?["size"], below: 1e18) {
        sizes[file] = Int(size)
      }
      switch use["type"]?.word {
      case "input", "checkpoint": inputs.add(file)
      case "output": outputs.add(file)
      case "inout":
        inputs.add(file)
        outputs.add(file)
      default:
        findings.error(
          place.element("uses", position),
          "expected \(form == .yaml ? "the type" : "the link") input, output or inout")
      }
    }
    let execution = execution(of: job, name, place, &findings)
    // A stream is a file of the job, whether `uses` names it or not.
    for (stream, file) in execution.streams.sorted(by: { $0.key < $1.key }) {
      if stream == "stdin" { inputs.add(file) } else { outputs.add(file) }
    }
    var task = WfInstance.Task(id: id, name: name)
    task.inputs = inputs.names
    task.outputs = outputs.names
    task.execution = execution
    return task
  }

  private mutating func execution(
    of job: JSON, _ name: String, _ place: JSONPath, _ findings: inout Findings
  ) -> WfInstance.Execution {
    // Pegasus splits arguments as a shell does.
    var arguments: [String] = []
    for argument in (job["arguments"]?.array ?? []).compactMap(\.word) {
      guard let words = ShellWords.split(argument) else {
        findings.error(
          place.key(form == .yaml ? "arguments" : "argument"),
          "a quote in \(argument.quotedForMessage) is not closed; close it, or write \\ before it")
        continue
      }
      arguments += words
    }
    let (pegasus, condor) = (job["profiles"]?["pegasus"], job["profiles"]?["condor"])
    let entry = programs.entries[Self.key(job)] ?? programs.unique[name]
    var execution = WfInstance.Execution(
      runtime: (Self.number(pegasus?["runtime"]) ?? 0) * 1000,
      program: program(entry?.program, name, place, &findings), arguments: arguments,
      cores: Self.number(pegasus?["cores"]) ?? Self.number(condor?["request_cpus"]),
      memoryBytes: (Self.number(pegasus?["memory"]) ?? Self.number(condor?["request_memory"]))
        .map { Int($0 * 1_048_576) })
    for stream in ["stdin", "stdout", "stderr"] {
      execution.streams[stream] = job[stream]?.word ?? job[stream]?["lfn"]?.word
    }
    let own = Self.environment(job)
    let names = Set(own.map(\.name))
    execution.environment = (entry?.environment ?? []).filter { !names.contains($0.name) } + own
    return execution
  }

  private mutating func program(
    _ program: Program?, _ name: String, _ place: JSONPath, _ findings: inout Findings
  ) -> String {
    if case .path(let path) = program { return path }
    guard reported.insert(name).inserted else { return name }
    if case .remote(let address) = program {
      let text =
        "the program of \(name.quotedForMessage) is at \(address.quotedForMessage); fetch it, and "
        + "give its path as pfn in \(form.transformations)"
      if needsCommands {
        findings.error(place.key("name"), text)
      } else {
        findings.warning(place.key("name"), text)
      }
    } else {
      findings.warning(
        place.key("name"),
        "\(form.transformations) has no \(name.quotedForMessage), so it is looked up in PATH")
    }
    return name
  }

  /// Profiles have numbers as text, too.
  private static func number(_ value: JSON?, below limit: Double = 1e9) -> Double? {
    let number = value?.double ?? value?.string.flatMap { Double($0) }
    return number.flatMap { $0 > 0 && $0 < limit ? $0 : nil }
  }

  // MARK: Order

  private mutating func addParents(_ dependencies: JSON?, _ findings: inout Findings) {
    var parents = [Set<Int>](repeating: [], count: tasks.count)
    for (index, entry) in (dependencies?.array ?? []).enumerated() {
      let place = JSONPath(list: form.dependencies, index: index)
      let key = form == .yaml ? "id" : "ref"
      guard let job = indices[entry["id"]?.word ?? ""] else {
        findings.error(place.key(key), "expected the id of a job")
        continue
      }
      for (position, child) in (entry["children"]?.array ?? []).enumerated() {
        guard let child = indices[child.word ?? ""], child != job else {
          findings.error(place.element("children", position), "expected the id of another job")
          continue
        }
        parents[child].insert(job)
      }
      for (position, parent) in (entry["parents"]?.array ?? []).enumerated() {
        guard let parent = indices[parent.word ?? ""], parent != job else {
          findings.error(place.element(form.parents, position), "expected the id of another job")
          continue
        }
        parents[job].insert(parent)
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
        JSONPath(list: form.replicas, index: index).key(form.replicaPlaces),
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
