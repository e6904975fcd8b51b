import Glibc
import Testing
import Workflow

/// Workflow files of other authors. They are not part of the project: the tests look for them in a
/// folder `shared` beside one of the folders that hold the project, and pass without it.
@Suite struct ExampleFileTests {
  static let folder: String? = {
    var parts = #filePath.split(separator: "/").dropLast()
    while !parts.isEmpty {
      let candidate = "/\(parts.joined(separator: "/"))/shared/workflows/hyperflow-examples"
      if access(candidate, R_OK) == 0 { return candidate }
      parts.removeLast()
    }
    return nil
  }()

  /// `nil` if the file does not exist.
  private func read(_ name: String) -> WorkflowReading? {
    guard let folder = Self.folder, let bytes = fileBytes("\(folder)/\(name)") else { return nil }
    return Workflow.read(bytes, variables: ["function": "redisCommand"])
  }

  @Test(arguments: [
    "BagOfJobs/workflow", "ChoiceJoinMerge/workflow", "CollectionsExample/workflow",
    "Comet/workflow", "MolecularDynamicsParameterStudy/md_1",
    "MolecularDynamicsParameterStudy/md_amqp", "Montage143/workflow", "ParallelSleep/sleep3",
    "Pathways/workflow", "PingPong/workflow", "RemoteJobs/workflow", "SchedulerDemo/workflow",
    "Sqrsum/workflow", "Sqrsum2/workflow", "TweetAnalysis/workflow",
  ])
  func `an example has no findings`(name: String) {
    guard let reading = read("\(name).json") else { return }
    #expect(reading.findings.map(\.description) == [])
    #expect(reading.workflow != nil)
  }

  @Test(arguments: [("Wf_RemotePing", "Ping"), ("Wf_RemotePong", "Pong")])
  func `an example that needs input from outside has a warning`(name: String, signal: String) {
    guard let reading = read("DistributedPingPong/\(name).json") else { return }
    #expect(
      reading.findings.map(\.description) == [
        "processes[0].ins[0]: nothing produces \"\(signal)\" and it has no data: the process"
          + " waits until it is sent (run with -s)"
      ])
    #expect(reading.workflow != nil)
  }

  @Test func `the old Montage has args in one string and unsent files`() throws {
    guard let reading = read("Montage143/workflow_decorated.json") else { return }
    #expect(reading.findings.allSatisfy { $0.severity == .warning })
    let workflow = try #require(reading.workflow)
    #expect(workflow.processes.count == 143)
    #expect(workflow.processes.allSatisfy { ($0.command?.arguments.count ?? 0) > 1 })
    #expect(
      workflow.graph().stages.map(\.name) == [
        "mProjectPP", "mDiffFit", "mConcatFit", "mBgModel", "mBackground", "mImgtbl", "mAdd",
        "mShrink", "mJPEG",
      ])
  }
}
