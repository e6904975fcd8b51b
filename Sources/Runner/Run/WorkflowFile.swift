import Posix
public import Workflow

/// Reads and checks a workflow file for a run.
public enum WorkflowFile {
  /// Throws `invalidWorkflow` with one line for each error.
  public static func read(
    _ path: String, variables: [String: String], invokerIsChosen: Bool = false
  ) throws(RunnerError) -> Workflow {
    let reading = try findings(path, variables: variables, invokerIsChosen: invokerIsChosen)
    guard let workflow = reading.workflow else {
      throw RunnerError(.invalidWorkflow, reading.errors)
    }
    return workflow
  }

  public struct Checked: Sendable {
    /// `nil` when there are errors.
    public let workflow: Workflow?
    public let errors: [String]
    public let warnings: [String]
  }

  /// Everything there is to say about a workflow file, each line beginning with its name.
  public static func findings(
    _ path: String, variables: [String: String], invokerIsChosen: Bool = false
  ) throws(RunnerError) -> Checked {
    let bytes: [UInt8]
    do {
      bytes = try Files.read(path)
    } catch {
      throw RunnerError(.invalidWorkflow, "\(path): \(error.reason)")
    }
    let reading = Workflow.read(bytes, variables: variables)
    var findings = reading.findings
    if let workflow = reading.workflow {
      let functions = FunctionCatalog(
        workflow, directory: Files.parent(of: path), invokerIsChosen: invokerIsChosen)
      findings += functions.findings
    }
    let name = Files.name(of: path)
    let errors = findings.filter { $0.severity == .error }.map { "\(name): \($0)" }
    let warnings = findings.filter { $0.severity == .warning }.map { "\(name): \($0)" }
    return Checked(
      workflow: errors.isEmpty ? reading.workflow : nil, errors: capped(errors),
      warnings: warnings)
  }

  /// A mistake that is in every process is not told a hundred thousand times.
  private static func capped(_ lines: [String]) -> [String] {
    guard lines.count > lineLimit else { return lines }
    return lines.prefix(lineLimit) + ["… and \(lines.count - lineLimit) more"]
  }

  private static let lineLimit = 50
}
