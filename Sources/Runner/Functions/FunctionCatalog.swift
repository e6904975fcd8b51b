public import Workflow

/// Which functions there are and where they run.
public enum FunctionCatalog {
  /// Functions whose firings become jobs.
  static let jobs: Set<String> = ["command", "redisCommand", "submitRemoteJob"]

  static func runsAsJob(_ process: Workflow.Process) -> Bool {
    process.function.map(jobs.contains) ?? false
  }

  static func body(of process: Workflow.Process) -> BuiltInFunctions.Body? {
    process.function.flatMap { BuiltInFunctions.table[$0] }
  }

  /// What keeps the processes of a workflow from being run here: unknown functions, jobs without a
  /// command, process types that are not there yet.
  public static func check(_ workflow: Workflow) -> [Finding] {
    workflow.processes.flatMap { process in
      let path = "processes[\(process.id.number - 1)]"
      return [typeFinding(process, path), functionFinding(process, path)].compactMap { $0 }
    }
  }

  private static func typeFinding(_ process: Workflow.Process, _ path: String) -> Finding? {
    guard process.kind != .dataflow else { return nil }
    return Finding(
      severity: .error, path: "\(path).type",
      text: "type \"\(process.kind)\" cannot be run yet; only dataflow can")
  }

  private static func functionFinding(_ process: Workflow.Process, _ path: String) -> Finding? {
    guard let function = process.function else { return nil }
    if jobs.contains(function) {
      guard process.command == nil else { return nil }
      return Finding(
        severity: .error, path: "\(path).config.executor",
        text: "missing; \(function) needs {\"executable\": …, \"args\": […]}")
    }
    if BuiltInFunctions.table[function] != nil { return nil }
    let known = jobs.union(BuiltInFunctions.table.keys).sorted().joined(separator: ", ")
    return Finding(
      severity: .error, path: "\(path).function",
      text: "no function named \"\(function)\"; there are \(known)")
  }
}
