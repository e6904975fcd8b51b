import JSONValue
import Posix
import TestSupport
import Testing

/// The workflows in the documents succeed.
@Suite struct DocumentTests {
  static let documents = ["README.md", "docs/workflow-format.md"]

  /// Complete workflows in JSON blocks, and in here-documents of shell blocks.
  private func workflows(_ document: String) throws -> [String] {
    let text = String(
      decoding: try Files.read(Files.join(Program.repository, document)), as: UTF8.self)
    return examples(in: text).filter { (try? JSON(parsing: $0))?["processes"] != nil }
  }

  @Test(arguments: documents)
  func `every complete workflow in the documents succeeds`(document: String) async throws {
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
