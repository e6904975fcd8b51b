import ArgumentParser
import JSONValue
import Posix
import Runner
import Workflow

/// `hflow-tui validate <dir or file> …`
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Report errors and warnings in workflow files",
    discussion: """
      Prints one line for each finding, `file: place: text`, or `file: ok`. With --json, one line \
      for each workflow: {"file", "ok", "findings": [{"file", "severity", "path", "text"}]}; ok is \
      false if a finding is an error. Exit codes: 0 no errors (warnings are possible), 2 errors.

      Example: hflow-tui validate .
      """)

  @Argument(
    help: ArgumentHelp(
      "Directories with workflow.json, workflow files, or - for a pipe", valueName: "workflow"))
  var workflows: [String]

  @Flag(help: "Print one JSON object per line, one for each workflow")
  var json = false

  @OptionGroup var variables: VariableOptions

  @Option(help: "Check for a run with this --invoker")
  var invoker: RunSettings.Invoker?

  func run() throws {
    let values = variables.all
    var isValid = true
    for workflow in workflows {
      let result = WorkflowCheck(
        workflow, variables: values, invokerIsChosen: invoker != nil)
      if json {
        Console.writeData(result.json.text + "\n")
      } else {
        Console.print(result.lines)
      }
      isValid = isValid && result.isValid
    }
    if !isValid { throw Failure(.usage, []) }
  }
}

/// The findings about one argument of `validate`.
private struct WorkflowCheck {
  /// The workflow's file as the user would write it.
  let file: String
  private var findings: [(file: String, finding: Finding)] = []

  init(_ argument: String, variables: [String: String], invokerIsChosen: Bool) {
    file = Files.isDirectory(argument) ? Files.join(argument, WorkflowSource.fileName) : argument
    do {
      let source = try WorkflowSource(argument)
        .convertingInstance(.graph, findingLimit: .max)
      findings = source.findings.map { (file, $0) }
      if source.findings.contains(where: { $0.severity == .error }) { return }
      let checked = try WorkflowFile.findings(
        source.path, text: source.text, variables: variables,
        invokerIsChosen: invokerIsChosen, findingLimit: .max, checksFiles: true)
      let isFile = source.text == nil || source.instance != nil
      let folder = isFile ? folder : ""
      findings += checked.findings.map { found -> (file: String, finding: Finding) in
        guard found.file == Files.name(of: source.path) else {
          return (folder + found.file, found.finding)
        }
        return (file, source.instance.map { Self.placed(found.finding, in: $0) } ?? found.finding)
      }
    } catch {
      findings = [(argument, Finding(severity: .error, path: "", text: reason(error, argument)))]
    }
  }

  /// A finding about a converted workflow, at its place in the instance.
  private static func placed(_ finding: Finding, in instance: WfInstance) -> Finding {
    Finding(
      severity: finding.severity, path: instance.place(ofWorkflow: finding.path),
      text: finding.text)
  }

  /// The error without the path that the line begins with anyway.
  private func reason(_ error: any Error, _ argument: String) -> String {
    let text = (error as? Failure)?.lines.joined(separator: "; ") ?? "\(error)"
    return text.hasPrefix("\(argument): ") ? String(text.dropFirst(argument.count + 2)) : text
  }

  private var folder: String { file.lastIndex(of: "/").map { String(file[...$0]) } ?? "" }

  var isValid: Bool { !findings.contains { $0.finding.severity == .error } }

  var lines: [String] {
    if findings.isEmpty { return ["\(file.displayName): ok"] }
    return findings.map { file, finding in
      let place = finding.path.isEmpty ? "" : "\(finding.path): "
      let severity = finding.severity == .warning ? "warning: " : ""
      return "\(file.displayName): \(place)\(severity)\(finding.text)"
    }
  }

  var json: JSON {
    let found = findings.map { file, finding -> JSON in
      [
        "file": .string(file), "severity": .string(finding.severity.rawValue),
        "path": .string(finding.path), "text": .string(finding.text),
      ]
    }
    return ["file": .string(file), "ok": .bool(isValid), "findings": .array(found)]
  }
}
