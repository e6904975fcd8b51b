import JobProtocol

/// One term of a ``TaskFilter``.
struct FilterTerm: Sendable, Equatable {
  var isNegated = false
  let test: Test

  /// Of several alternatives one must fit.
  enum Test: Sendable, Equatable {
    case states(Set<TaskState>)
    case causes([CausePattern])
    case stage([Glob])
    case host([Glob])
    case worker([Glob])
    case process([NumberPattern])
    case firing([NumberPattern])
    case attempt([NumberPattern])
    case task([Glob])
    case says([[UInt8]])
    case signature([Glob])
    /// Free text, also folded.
    case fuzzy(FuzzyText, [UInt8])
    case literal([UInt8])
  }
}

/// The words for states; what a person reads in a list is understood as well.
enum StateWords {
  private static let others: [(String, Set<TaskState>)] = [
    ("done", [.succeeded]), ("no-slot", [.ready]), ("active", [.ready, .queued, .running]),
  ]

  static var list: String { TaskState.allCases.map(\.word).joined(separator: ", ") }

  /// The states whose words begin so; `nil` when there are none.
  static func states(_ beginning: String) -> Set<TaskState>? {
    let beginning = beginning.lowercased()
    let named = TaskState.allCases.filter { $0.word.hasPrefix(beginning) }
    let other = others.filter { $0.0.hasPrefix(beginning) }.flatMap(\.1)
    // A whole word means nothing but itself.
    if let whole = named.first(where: { $0.word == beginning }) { return [whole] }
    let all = Set(named).union(other)
    return all.isEmpty ? nil : all
  }
}

extension TaskState {
  /// The word of filters, of the command line and of what programs read.
  public var word: String {
    switch self {
    case .waiting: "waiting"
    case .held: "held"
    case .ready: "ready"
    case .queued: "queued"
    case .running: "running"
    case .retrying: "retrying"
    case .succeeded: "succeeded"
    case .failed: "failed"
    case .lost: "lost"
    case .skipped: "skipped"
    case .cancelled: "cancelled"
    }
  }
}

/// A cause as a filter names it: its word, of exit codes and Unix signals also which.
struct CausePattern: Sendable, Equatable {
  private let word: String
  private let numbers: NumberPattern?

  private static let words = [
    "exit", "signal", "oom", "timeout", "notFound", "lost", "cancelled", "error", "invalidMessage",
  ]
  private static let aliases = ["outofmemory": "oom", "canceled": "cancelled"]

  static var list: String { words.joined(separator: ", ") }

  enum Mistake: Error, Equatable { case noCause, noNumber }

  init(_ text: String) throws(Mistake) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let given = String(parts[0].lowercased().filter { !" -_".contains($0) })
    let name = Self.aliases[given] ?? given
    guard let word = Self.words.first(where: { $0.lowercased() == name }) else { throw .noCause }
    self.word = word
    guard parts.count > 1 else {
      numbers = nil
      return
    }
    let signal = word == "signal" ? UnixSignalName.number(String(parts[1])).map(String.init) : nil
    guard word == "exit" || word == "signal",
      let numbers = NumberPattern(signal ?? String(parts[1]))
    else { throw .noNumber }
    self.numbers = numbers
  }

  func fits(_ cause: FailureCause) -> Bool {
    guard cause.word == word else { return false }
    guard let numbers else { return true }
    switch cause {
    case .exit(let number), .signal(let number): return numbers.fits(number)
    default: return false
    }
  }
}
