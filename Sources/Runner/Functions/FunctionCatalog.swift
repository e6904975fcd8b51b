import Glibc
import JSONValue
import Posix
public import Workflow

/// Where the functions of a workflow come from.
///
/// | the name is | the function is |
/// |---|---|
/// | in `functions` of the workflow, and its module exists | that module's |
/// | in the directory's `functions.js` | that file's |
/// | built in | a job, or a function of the engine |
/// | anything else | unknown: an error |
///
/// Files are read, not run. Whether a module has a function shows only when it is called.
public struct FunctionCatalog: Sendable {
  enum Source: Sendable {
    case builtIn(BuiltInFunctions.Body)
    case job
    /// The module's absolute path.
    case javaScript(module: String)
  }

  private var sources: [String: Source] = [:]
  /// The reasons why processes cannot run here: unknown functions, jobs without a command.
  public private(set) var findings: [Finding] = []

  /// Functions whose firings become jobs.
  static let jobs: Set<String> = ["command", "redisCommand", "submitRemoteJob"]
  /// Functions that make jobs on infrastructures that are not supported, with their names.
  static let distantJobs: [String: String] = [
    "k8sCommand": "Kubernetes", "bojK8sCommand": "Kubernetes", "amqpCommand": "RabbitMQ",
    "RESTServiceCommand": "a REST service", "awsFargateCommand": "AWS Fargate",
    "awsLambdaCommand": "AWS Lambda",
  ]

  /// - Parameters:
  ///   - directory: The workflow's directory; `nil` looks for no modules.
  ///   - invokerIsChosen: Whether jobs for other infrastructures run like all others.
  public init(_ workflow: Workflow, directory: String?, invokerIsChosen: Bool = false) {
    let modules = ModuleFiles(directory: directory)
    if let refusal = modules.refusal {
      findings.append(Finding(severity: .error, path: "functions.js", text: refusal))
    }
    for (name, firstUse) in workflow.functionNames {
      switch Self.find(name, workflow, modules, invokerIsChosen) {
      case .success(let source): sources[name] = source
      case .failure(let problem):
        findings.append(
          Finding(
            severity: .error,
            path: problem.path ?? workflow.path(of: firstUse, key: "function"),
            text: problem.text))
      }
    }
    findings += workflow.processes.compactMap { commandFinding($0, workflow) }
    findings += workflow.processes.flatMap { resourceFindings($0, workflow) }
  }

  func source(of process: Workflow.Process) -> Source {
    process.function.flatMap { sources[$0] } ?? .job
  }

  public func runsAsJob(_ process: Workflow.Process) -> Bool {
    if case .job = source(of: process) { true } else { false }
  }

  /// Whether attempts take time, so that their states are worth journaling: jobs and JavaScript
  /// functions.
  func takesTime(_ process: Workflow.Process) -> Bool {
    if case .builtIn = source(of: process) { false } else { true }
  }

  var needJavaScript: Bool {
    sources.values.contains { if case .javaScript = $0 { true } else { false } }
  }

  private struct Problem: Error {
    var path: String?
    let text: String
  }

  private static func find(
    _ name: String, _ workflow: Workflow, _ modules: ModuleFiles, _ invokerIsChosen: Bool
  ) -> Result<Source, Problem> {
    let declared = workflow.functions.firstIndex { $0.name == name && $0.module != nil }
    if let declared, let path = modules.path(of: workflow.functions[declared].module ?? "") {
      return .success(.javaScript(module: path))
    }
    let own = ownSource(name, invokerIsChosen)
    if let path = modules.functionsFile, modules.seemsToExport(name, surely: own != nil) {
      return .success(.javaScript(module: path))
    }
    if let own { return own }
    if let declared {
      let module = workflow.functions[declared].module ?? ""
      return .failure(
        Problem(
          path: "functions[\(declared)].module",
          text: "no file \"\(module.displayName)\" in the workflow's directory"))
    }
    return .failure(Problem(text: "no function named \"\(name.displayName)\"; \(advice(name))"))
  }

  private static func ownSource(_ name: String, _ invokerIsChosen: Bool) -> Result<
    Source, Problem
  >? {
    if let body = BuiltInFunctions.table[name] { return .success(.builtIn(body)) }
    if jobs.contains(name) { return .success(.job) }
    guard let place = distantJobs[name] else { return nil }
    if invokerIsChosen { return .success(.job) }
    let hint =
      switch place {
      case "Kubernetes": "with --on kubernetes each is a Job, with --invoker pool they run here"
      case "RabbitMQ":
        "with --on kubernetes they run on workers in pods, which need no RabbitMQ; with --invoker "
          + "pool they run here"
      default: "with --invoker pool (or oneshot) they run as other jobs do"
      }
    return .failure(
      Problem(
        text: "\(name) makes its jobs on \(place), which is not used without being named; \(hint)"))
  }

  private func commandFinding(
    _ process: Workflow.Process, _ workflow: Workflow
  ) -> Finding? {
    guard let function = process.function, case .job? = sources[function],
      process.executor == nil
    else { return nil }
    return Finding(
      severity: .error, path: workflow.path(of: process.id, key: "config.executor"),
      text: "missing; \(function) needs {\"executable\": …, \"args\": […]}")
  }

  private func resourceFindings(
    _ process: Workflow.Process, _ workflow: Workflow
  ) -> [Finding] {
    guard runsAsJob(process) else { return [] }
    return JobResources.unreadable(in: process).map { key, form in
      Finding(
        severity: .error, path: workflow.path(of: process.id, key: "config.executor.\(key)"),
        text: "must be \(form)")
    }
  }

  private static func advice(_ function: String) -> String {
    let known = jobs.union(BuiltInFunctions.table.keys).sorted()
    if let near = EditDistance.closest(to: function, among: known) {
      return "did you mean \"\(near)\"?"
    }
    return "there are \(known.joined(separator: ", ")); others go into functions.js"
  }
}

/// The JavaScript files of a workflow's directory.
private struct ModuleFiles {
  private let directory: String?
  let functionsFile: String?
  /// Why an existing `functions.js` cannot be read.
  private(set) var refusal: String?
  private var words: Set<Substring> = []
  private var text = ""

  init(directory: String?) {
    self.directory = directory
    guard let path = directory.map({ GuardedPath("functions.js", below: $0) }) else {
      functionsFile = nil
      return
    }
    let bytes: [UInt8]
    do {
      bytes = try path.read()
    } catch {
      functionsFile = nil
      refusal = error.code == ENOENT ? nil : error.reason
      return
    }
    functionsFile = path.path
    text = String(decoding: bytes, as: UTF8.self)
    words = Set(text.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "$") })
  }

  /// Finds a module as Node.js does: the file, with `.js`, or a directory with an `index.js`.
  func path(of module: String) -> String? {
    guard let directory, !module.isEmpty else { return nil }
    return [module, module + ".js", Files.join(module, "index.js")]
      .map { GuardedPath($0, below: directory) }
      .first { (try? $0.read()) != nil }?.path
  }

  /// Whether the file probably exports a function. A file can export in many ways, so it suffices
  /// that it contains the name, or that it exports all functions of other files.
  ///
  /// - Parameter surely: Whether the file must export the name explicitly, because a built-in
  ///   function has the same name.
  func seemsToExport(_ name: String, surely: Bool) -> Bool {
    if surely {
      return text.contains("exports.\(name)")
        || (text.contains("module.exports") && words.contains(Substring(name)))
    }
    return words.contains(Substring(name)) || words.contains("require") && exportsAsWhole
  }

  /// Whether something other than single functions is exported: `module.exports = …`,
  /// `Object.assign(exports, …)`.
  private var exportsAsWhole: Bool {
    text.ranges(of: "exports").contains { !text[$0.upperBound...].hasPrefix(".") }
  }
}
