public import Workflow

/// Which functions there are and where they run.
public enum FunctionCatalog {
  /// Functions whose firings become jobs.
  static let jobs: Set<String> = ["command", "redisCommand", "submitRemoteJob"]

  public static func runsAsJob(_ process: Workflow.Process) -> Bool {
    process.function.map(jobs.contains) ?? false
  }

  static func body(of process: Workflow.Process) -> BuiltInFunctions.Body? {
    process.function.flatMap { BuiltInFunctions.table[$0] }
  }

  /// What keeps the processes of a workflow from being run here: unknown functions, jobs without a
  /// command, process types that are not there yet.
  public static func check(_ workflow: Workflow) -> [Finding] {
    workflow.processes.flatMap { process in
      [typeFinding(process, workflow), functionFinding(process, workflow)].compactMap { $0 }
    }
  }

  private static func typeFinding(
    _ process: Workflow.Process, _ workflow: Workflow
  ) -> Finding? {
    guard process.kind != .dataflow else { return nil }
    return Finding(
      severity: .error, path: workflow.path(of: process.id, key: "type"),
      text: "type \"\(process.kind)\" cannot be run yet; only dataflow can")
  }

  private static func functionFinding(
    _ process: Workflow.Process, _ workflow: Workflow
  ) -> Finding? {
    guard let function = process.function else { return nil }
    if jobs.contains(function) {
      guard process.command == nil else { return nil }
      return Finding(
        severity: .error, path: workflow.path(of: process.id, key: "config.executor"),
        text: "missing; \(function) needs {\"executable\": …, \"args\": […]}")
    }
    if BuiltInFunctions.table[function] != nil { return nil }
    return Finding(
      severity: .error, path: workflow.path(of: process.id, key: "function"),
      text: "no function named \"\(function.displayName)\"; \(advice(function, workflow))")
  }

  private static func advice(_ function: String, _ workflow: Workflow) -> String {
    if workflow.functions.contains(where: { $0.name == function }) {
      return "JavaScript modules cannot be run yet"
    }
    let known = jobs.union(BuiltInFunctions.table.keys).sorted()
    if let near = EditDistance.closest(to: function, among: known) {
      return "did you mean \"\(near)\"?"
    }
    return "there are \(known.joined(separator: ", "))"
  }
}
