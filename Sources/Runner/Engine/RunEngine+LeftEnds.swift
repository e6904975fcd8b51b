import Engine
import Glibc
import JSONValue
import JobProtocol
import Posix

/// Ends of jobs that executors of this host could not report before they died: what they have left
/// on disk. It is looked for before a dead executor's job counts as lost.
extension RunEngine {
  /// So often is waited for somebody else who reads such a file.
  static let leftEndsPatience = 10

  var leftEndsDirectories: [String] {
    [directory.unreportedEnds]
      + ExecutorPlaces.directories(
        pool: plan.run.text, stateHome: RunDirectory.stateHome(),
        temporaryDirectory: Files.temporaryDirectory, user: Int(geteuid()))
  }

  /// The ends that nobody has read in this turn, as inputs; the files go once these are committed.
  /// `nil` when somebody else reads one just now.
  func readLeftEnds() -> [EngineInput]? {
    if hasReadLeftEnds { return [] }
    let found = leftEndsDirectories.map { ProcessFile.left(in: $0) }
    if found.contains(where: \.isBusy), leftEndsWaits < Self.leftEndsPatience {
      leftEndsWaits += 1
      return nil
    }
    leftEndsWaits = 0
    hasReadLeftEnds = true
    let files = found.flatMap(\.files)
    leftEndsFiles += files
    return files.flatMap(\.lines).compactMap { line in
      guard let end = (try? JSON(parsing: line)).flatMap(UnreportedEnd.init),
        let attempt = attempt(end.job)
      else { return nil }
      return .finished(attempt, late(attempt, end.outcome), end.usage, outputs: nil)
    }
  }

  /// What was read is in the journal.
  func removeLeftEnds() {
    hasReadLeftEnds = false
    hasKilledOrphans = false
    guard !leftEndsFiles.isEmpty else { return }
    for file in leftEndsFiles { file.remove() }
    leftEndsFiles = []
  }

  /// Nobody asks any more for what executors of a closed run could not report.
  func clearLeftEnds() {
    for directory in leftEndsDirectories {
      for file in ProcessFile.left(in: directory).files { file.remove() }
      rmdir(directory)
    }
  }
}
