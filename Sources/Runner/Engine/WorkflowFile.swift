import Glibc
public import JSONValue
import Posix
public import Runs
public import Workflow

/// Reads and checks a workflow file for a run, and the configuration files beside it.
public enum WorkflowFile {
  /// Throws `invalidWorkflow` with one line for each error. `text` is the workflow if it came from
  /// a pipe.
  public static func read(
    _ path: String, text: [UInt8]? = nil, variables: [String: String],
    invokerIsChosen: Bool = false
  ) throws(RunnerError) -> (workflow: Workflow, configuration: JSONObject, text: [UInt8]) {
    let reading = try findings(
      path, text: text, variables: variables, invokerIsChosen: invokerIsChosen)
    guard let workflow = reading.workflow else {
      throw RunnerError(.invalidWorkflow, reading.errors)
    }
    return (workflow, reading.appConfig, reading.text)
  }

  /// A finding and the file it is about, by its name in the workflow's directory.
  public struct FileFinding: Sendable, Equatable, CustomStringConvertible {
    public let file: String
    public let finding: Finding

    public var description: String { "\(file.displayName): \(finding)" }
  }

  public struct Checked: Sendable {
    /// The text that was read.
    public let text: [UInt8]
    /// `nil` when there are errors.
    public let workflow: Workflow?
    /// The merged configuration files, as functions get them.
    public let appConfig: JSONObject
    public let findings: [FileFinding]

    /// The errors, one line each; a last line counts those beyond `lineLimit`.
    public var errors: [String] { capped(lines(.error)) }
    public var warnings: [String] { lines(.warning) }

    private func lines(_ severity: Finding.Severity) -> [String] {
      findings.filter { $0.finding.severity == severity }.map(\.description)
    }
  }

  /// All findings about a workflow file and its configuration files.
  ///
  /// - Parameters:
  ///   - text: The workflow if it came from a pipe; `nil` reads the file.
  ///   - findingLimit: See `Workflow.read`.
  ///   - checksFiles: Also looks at the files that processes declare.
  public static func findings(
    _ path: String, text: [UInt8]? = nil, variables: [String: String],
    invokerIsChosen: Bool = false,
    findingLimit: Int? = nil, checksFiles: Bool = false
  ) throws(RunnerError) -> Checked {
    let bytes: [UInt8]
    do throws(PosixError) {
      if let text {
        bytes = text
      } else {
        let file = try GuardedPath(path).open(O_RDONLY)
        bytes = try DescriptorIO.readToEnd(file.number)
      }
    } catch {
      throw RunnerError(.invalidWorkflow, "\(path): \(error.reason)")
    }
    let reading = Workflow.read(bytes, variables: variables, findingLimit: findingLimit)
    var found = reading.findings
    if let workflow = reading.workflow {
      let functions = FunctionCatalog(
        workflow, directory: Files.parent(of: path), invokerIsChosen: invokerIsChosen)
      found += functions.findings
      if checksFiles { found += workflow.fileFindings(limit: findingLimit) }
    }
    let name = Files.name(of: path)
    let configuration = WorkflowConfiguration.read(directory: Files.parent(of: path))
    let findings = found.map { FileFinding(file: name, finding: $0) } + configuration.findings
    let isBroken = findings.contains { $0.finding.severity == .error }
    return Checked(
      text: bytes, workflow: isBroken ? nil : reading.workflow, appConfig: configuration.appConfig,
      findings: findings)
  }

  /// Limits the number of lines: a mistake may be in every one of 100,000 processes.
  private static func capped(_ lines: [String]) -> [String] {
    guard lines.count > lineLimit else { return lines }
    return lines.prefix(lineLimit) + ["… and \(lines.count - lineLimit) more"]
  }

  private static let lineLimit = 50
}
