import JobProtocol

/// One term of a ``TaskFilter``.
struct FilterTerm: Sendable, Equatable {
  var isNegated = false
  let test: Test

  /// One of several alternatives must match.
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

/// The words for states, also those of lists.
enum StateWords {
  private static let others: [(String, Set<TaskState>)] = [
    ("done", [.succeeded]), ("no-slot", [.queued]),
    ("active", [.ready, .submitted, .queued, .starting, .running]),
  ]

  static var list: String { TaskState.allCases.map(\.word).joined(separator: ", ") }

  /// The states whose words have this prefix; `nil` if there are none.
  static func states(_ beginning: String) -> Set<TaskState>? {
    let beginning = beginning.lowercased()
    let named = TaskState.allCases.filter { $0.word.hasPrefix(beginning) }
    let other = others.filter { $0.0.hasPrefix(beginning) }.flatMap(\.1)
    // A complete word has precedence over prefixes.
    if let whole = named.first(where: { $0.word == beginning }) { return [whole] }
    let all = Set(named).union(other)
    return all.isEmpty ? nil : all
  }
}

extension TaskState {
  /// The word in filters, on the command line and in JSON.
  public var word: String {
    switch self {
    case .waiting: "waiting"
    case .held: "held"
    case .ready: "ready"
    case .submitted: "submitted"
    case .queued: "queued"
    case .starting: "starting"
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

/// A cause in a filter: its word, and for exit codes and signals a number.
struct CausePattern: Sendable, Equatable {
  private let word: String
  private let numbers: NumberPattern?

  static let words = [
    "exit", "signal", "oom", "timeout", "notFound", "lost", "cancelled", "error", "invalidMessage",
    "image", "container", "refused",
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

  func matches(_ cause: FailureCause) -> Bool {
    guard cause.word == word else { return false }
    guard let numbers else { return true }
    switch cause {
    case .exit(let number), .signal(let number): return numbers.matches(number)
    default: return false
    }
  }
}
