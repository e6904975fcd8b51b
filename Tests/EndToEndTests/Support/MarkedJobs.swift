import Posix
import Testing

/// A workflow of jobs that each append a line to a file of their own when they begin.
final class MarkedJobs: Sendable {
  static let count = 12
  let workspace: Workspace

  /// - Parameter script: what a job does besides.
  init(_ script: String = "true") throws {
    let jobs = (1...Self.count).map { number in
      Samples.job(
        "job", "echo begun >> marks/\(number); \(script)", ins: #""go""#, outs: #""d\#(number)""#)
    }
    let signals = (1...Self.count).map { #"{"name": "d\#($0)"}"# }.joined(separator: ", ")
    workspace = try Workspace(
      Samples.workflow(jobs, signals: #"{"name": "go", "data": [{}]}, \#(signals)"#))
    try Files.makeDirectory(Files.join(workspace.path, "marks"))
  }

  var path: String { workspace.path }
  /// How many jobs have begun.
  var begun: Int { Files.list(Files.join(workspace.path, "marks")).count }

  func expectOnce() {
    for number in 1...Self.count {
      #expect(workspace.text("marks/\(number)") == "begun\n", "job \(number)")
    }
  }
}
