import Engine
import Glibc
import JSONValue
import JobProtocol
import Posix
import Runs

/// Ends of jobs that executors of this host left on disk because they died before they could report
/// them. They are read before a dead executor's job counts as lost.
extension RunEngine {
  /// How often to wait for another process that is reading such a file.
  static let leftResultsRetries = 10

  var leftResultsDirectories: [String] {
    [directory.unreportedEnds]
      + ExecutorPlaces.directories(
        pool: plan.run.text, stateHome: RunDirectory.stateHome(),
        temporaryDirectory: Files.temporaryDirectory, user: Int(geteuid()))
  }

  /// The ends that this turn has not read yet, as inputs; `nil` if another process is reading a
  /// file. The files are deleted once the ends are committed.
  func readLeftResults() -> [EngineInput]? {
    if hasReadLeftEnds { return [] }
    let found = leftResultsDirectories.map { ProcessFile.leftFiles(in: $0) }
    if found.contains(where: \.isBusy), leftResultsRetryCount < Self.leftResultsRetries {
      leftResultsRetryCount += 1
      return nil
    }
    leftResultsRetryCount = 0
    hasReadLeftEnds = true
    let files = found.flatMap(\.files)
    leftResultsFiles += files
    return files.flatMap(\.lines).compactMap { line in
      guard let end = (try? JSON(parsing: line)).flatMap(UnreportedResult.init),
        let attempt = attempt(end.job), !isEndedByInfrastructure(attempt, end.outcome)
      else { return nil }
      return .finished(
        attempt, engineOutcome(of: attempt, reported: end.outcome), end.usage, outputs: nil)
    }
  }

  /// Deletes the files whose ends are in the journal now.
  func removeLeftResults() {
    hasReadLeftEnds = false
    hasKilledOrphans = false
    guard !leftResultsFiles.isEmpty else { return }
    for file in leftResultsFiles { file.remove() }
    leftResultsFiles = []
  }

  /// Deletes the files of a closed run: nobody needs their ends any more.
  func clearLeftEnds() {
    for directory in leftResultsDirectories {
      for file in ProcessFile.leftFiles(in: directory).files { file.remove() }
      rmdir(directory)
    }
  }
}
