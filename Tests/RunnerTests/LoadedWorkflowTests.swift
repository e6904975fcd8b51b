import JobProtocol
import Posix
import Testing
import Workflow

@testable import Runner

@Suite final class LoadedWorkflowTests {
  private let place: String

  init() throws { place = try Files.makeTemporaryDirectory(prefix: "hflow-runner-test-") }

  deinit { Files.removeTree(place) }

  @Test func `a run keeps its workflow text although the file changes`() throws {
    let path = Files.join(place, "workflow.json")
    let text = #"{"name": "first", "processes": [], "signals": [], "ins": [], "outs": []}"#
    try Files.write(Array(text.utf8), to: path)
    let loaded = try LoadedWorkflow(
      reading: RunSettings(run: RunID(randomBits: 1), workflowPath: path))
    try Files.write(Array("changed".utf8), to: path)
    #expect(String(decoding: loaded.text.bytes, as: UTF8.self) == text)
    #expect(loaded.workflow.name == "first")
    loaded.text.release()
    #expect(loaded.text.bytes.isEmpty && loaded.text.count == text.utf8.count)
  }
}
