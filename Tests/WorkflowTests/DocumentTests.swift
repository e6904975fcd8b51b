import JSONValue
import TestSupport
import Testing
import Workflow

/// The examples in the documents are what they say.
@Suite struct DocumentTests {
  static let documents = ["README.md", "docs/workflow-format.md", "docs/functions.md"]

  /// The JSON blocks, and the here-documents of shell blocks.
  private func examples(_ name: String) throws -> [String] {
    let bytes = try #require(fileBytes("\(projectFolder)/\(name)"))
    return TestSupport.examples(in: String(decoding: bytes, as: UTF8.self))
  }

  @Test(arguments: documents)
  func `examples in the documents are JSON, and complete workflows valid`(document: String) throws {
    let examples = try examples(document)
    #expect(!examples.isEmpty)
    for example in examples {
      let json = try JSON(parsing: example)
      guard json["processes"] != nil else { continue }
      let findings = Workflow.read(Array(example.utf8), variables: [:]).findings
      let errors = findings.filter { $0.severity == .error }
      #expect(errors.map(\.description) == [], "\(example)")
    }
  }
}
