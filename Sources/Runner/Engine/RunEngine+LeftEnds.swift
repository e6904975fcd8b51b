import Engine
import Glibc
import JSONValue
import JobProtocol
import Posix

/// Ends of jobs that executors of this host left on disk because they died before they could report
/// them. They are read before a dead executor's job counts as lost.
extension RunEngine {
  /// How often to wait for another process that is reading such a file.
  static let leftEndsPatience = 10

  var leftEndsDirectories: [String] {
    [directory.unreportedEnds]
      + ExecutorPlaces.directories(
        pool: plan.run.text, stateHome: RunDirectory.stateHome(),
        temporaryDirectory: Files.temporaryDirectory, user: Int(geteuid()))
  }

  /// The ends that this turn has not read yet, as inputs; `nil` if another process is reading a
  /// file. The files are deleted once the ends are committed.
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

  /// Deletes the files whose ends are in the journal now.
  func removeLeftEnds() {
    hasReadLeftEnds = false
    hasKilledOrphans = false
    guard !leftEndsFiles.isEmpty else { return }
    for file in leftEndsFiles { file.remove() }
    leftEndsFiles = []
  }

  /// Deletes the files of a closed run: nobody needs their ends any more.
  func clearLeftEnds() {
    for directory in leftEndsDirectories {
      for file in ProcessFile.left(in: directory).files { file.remove() }
      rmdir(directory)
    }
  }
}
