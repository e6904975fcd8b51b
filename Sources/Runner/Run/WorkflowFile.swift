import Glibc
public import JSONValue
import Posix
public import Workflow

/// Reads and checks a workflow file for a run, and the configuration files beside it.
public enum WorkflowFile {
  /// Throws `invalidWorkflow` with one line for each error. `text` is what a pipe gave.
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
    /// The file as it was when it was read.
    public let text: [UInt8]
    /// `nil` when there are errors.
    public let workflow: Workflow?
    /// What the configuration files say, as functions see it.
    public let appConfig: JSONObject
    public let findings: [FileFinding]

    /// One line each, and one more that counts what is too much for a person.
    public var errors: [String] { capped(lines(.error)) }
    public var warnings: [String] { lines(.warning) }

    private func lines(_ severity: Finding.Severity) -> [String] {
      findings.filter { $0.finding.severity == severity }.map(\.description)
    }
  }

  /// Everything there is to say about a workflow file.
  ///
  /// - Parameters:
  ///   - text: what a pipe gave; `nil` reads the file.
  ///   - findingLimit: see `Workflow.read`.
  public static func findings(
    _ path: String, text: [UInt8]? = nil, variables: [String: String],
    invokerIsChosen: Bool = false,
    findingLimit: Int? = nil
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
    }
    let name = Files.name(of: path)
    let configuration = WorkflowConfiguration.read(directory: Files.parent(of: path))
    let findings = found.map { FileFinding(file: name, finding: $0) } + configuration.findings
    let isBroken = findings.contains { $0.finding.severity == .error }
    return Checked(
      text: bytes, workflow: isBroken ? nil : reading.workflow, appConfig: configuration.appConfig,
      findings: findings)
  }

  /// A mistake that is in every process is not told a hundred thousand times.
  private static func capped(_ lines: [String]) -> [String] {
    guard lines.count > lineLimit else { return lines }
    return lines.prefix(lineLimit) + ["… and \(lines.count - lineLimit) more"]
  }

  private static let lineLimit = 50
}
