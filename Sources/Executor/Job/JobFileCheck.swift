import JobProtocol
import Posix

/// Checks whether the files that a job declares exist, and records the missing ones.
///
/// | files | then |
/// |---|---|
/// | all are there | the job continues |
/// | some are missing, on a file system that hosts share | look again, for some seconds |
/// | some are missing at last | a warning, or the end of a strict job |
struct JobFileCheck {
  /// Where a file is, and its name in the workflow.
  struct Location: Equatable {
    let name: String
    let path: String
  }

  enum Direction { case before, after }

  enum Finding: Equatable {
    case complete
    case again(afterMilliseconds: Int)
    case missing([String])
  }

  static let sharedWait = 5000

  let expected: ExpectedFiles
  /// Milliseconds; `nil`: depends on the file system.
  private let wait: Int?
  private(set) var direction = Direction.before
  private var missing: [Location] = []
  private var waited = 0
  private var pause = 50
  private var warnings: [String] = []
  var stamps = FileStamps()

  init(_ expected: ExpectedFiles, wait: Int? = nil) {
    self.expected = expected
    self.wait = wait
  }

  /// One line for all files that were missed; empty if none was.
  var warning: String { warnings.joined(separator: "; ") }

  mutating func begin(_ direction: Direction, _ places: [Location]) {
    self.direction = direction
    missing = places
    waited = 0
    pause = 50
  }

  /// Checks once. The pauses between checks double, up to a second.
  mutating func check(
    exists: (String) -> Bool = { Files.exists($0) },
    isShared: (String) -> Bool = { Files.isShared(Files.parent(of: $0)) }
  ) -> Finding {
    missing.removeAll { exists($0.path) }
    guard let first = missing.first else { return .complete }
    let limit = wait ?? (isShared(first.path) ? Self.sharedWait : 0)
    guard waited < limit else { return .missing(missing.map(\.name)) }
    let next = min(pause, limit - waited)
    waited += next
    pause = min(pause * 2, 1000)
    return .again(afterMilliseconds: next)
  }

  /// The text about missing files.
  func text(_ names: [String]) -> String {
    switch direction {
    case .before: expected.text(missingInputs: names)
    case .after: ExpectedFiles.text(missingOutputs: names)
    }
  }

  mutating func warn(_ text: String) { warnings.append(text) }
}
