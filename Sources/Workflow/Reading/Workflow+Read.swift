import JSONValue

extension Workflow {
  /// Reads a `workflow.json`: replaces variables, then parses, decodes and checks it. Reports
  /// all findings; beyond a limit it counts them.
  ///
  /// - Parameters:
  ///   - variables: values for `{{name}}`.
  ///   - findingLimit: how many findings to report; by default a few dozen.
  public static func read(
    _ bytes: [UInt8], variables: [String: String], findingLimit: Int? = nil
  ) -> WorkflowReading {
    var findings = findingLimit.map { Findings(limit: $0) } ?? Findings()
    let workflow = read(bytes, variables, &findings)
    return WorkflowReading(
      workflow: findings.hasErrors ? nil : workflow, findings: findings.all)
  }

  private static func read(
    _ bytes: [UInt8], _ variables: [String: String], _ findings: inout Findings
  ) -> Workflow? {
    if isBlank(bytes) {
      findings.error("", "the file is empty, expected a workflow as JSON")
      return nil
    }
    // Before variables are replaced, which moves the text after them.
    if Template.containsTag(bytes), let error = JSON.encodingError(in: bytes) {
      findings.error(error.place, error.problem)
      return nil
    }
    guard let text = Template.fill(bytes, variables, &findings) else { return nil }
    do throws(JSONSyntaxError) {
      let file = try JSONOutline(parsing: text, deferring: WorkflowDecoder.listKeys)
      return WorkflowDecoder.decode(file, &findings)
    } catch {
      findings.error(error.place, error.problem)
      return nil
    }
  }

  private static func isBlank(_ text: [UInt8]) -> Bool {
    text.trimmingPrefix([0xEF, 0xBB, 0xBF])
      .allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) || $0 == 0 }
  }
}

extension JSONSyntaxError {
  fileprivate var place: String { "line \(line), column \(column)" }
}
