import JSONValue
import Posix
import Testing

/// The workflows in the documents do what they are said to do.
@Suite struct DocumentTests {
  static let documents = ["README.md", "docs/workflow-format.md"]

  /// Whole workflows between fences of JSON, and in here-documents of the shell.
  private func workflows(_ document: String) throws -> [String] {
    let text = String(
      decoding: try Files.read(Files.join(Program.repository, document)), as: UTF8.self)
    var found: [String] = []
    var open: [Substring]?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "```json" || line.hasSuffix("<<'END'") {
        open = []
      } else if line == "```" || line == "END" {
        if let lines = open { found.append(lines.joined(separator: "\n")) }
        open = nil
      } else {
        open?.append(line)
      }
    }
    return found.filter { (try? JSON(parsing: $0))?["processes"] != nil }
  }

  @Test(arguments: documents)
  func `every whole workflow runs to success`(document: String) async throws {
    let workflows = try workflows(document)
    #expect(!workflows.isEmpty)
    for workflow in workflows {
      let place = try Workspace(workflow)
      let result = try await Program.run(["run", place.path, "--headless"], directory: place.path)
      #expect(result.exitCode == 0, "\(workflow)\n\(result.output)\(result.errors)")
      if workflow.contains("genCollection") { #expect(result.output.contains("| [2,3,4,5,6]")) }
    }
  }
}
