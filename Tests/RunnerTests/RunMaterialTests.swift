import JobProtocol
import Posix
import Testing
import Workflow

@testable import Runner

@Suite final class RunMaterialTests {
  private let place: String

  init() throws { place = try Files.makeTemporaryDirectory(prefix: "hflow-runner-test-") }

  deinit { Files.removeTree(place) }

  @Test func `what is kept of a workflow is what was read, whatever becomes of the file`() throws {
    let path = Files.join(place, "workflow.json")
    let text = #"{"name": "first", "processes": [], "signals": [], "ins": [], "outs": []}"#
    try Files.write(Array(text.utf8), to: path)
    let material = try RunMaterial(
      reading: RunSettings(run: RunID(randomBits: 1), workflowPath: path))
    try Files.write(Array("changed".utf8), to: path)
    #expect(String(decoding: material.text.bytes, as: UTF8.self) == text)
    #expect(material.workflow.name == "first")
    material.text.drop()
    #expect(material.text.bytes.isEmpty && material.text.count == text.utf8.count)
  }
}
