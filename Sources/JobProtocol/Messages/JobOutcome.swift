/// How an attempt ended.
public enum JobOutcome: Sendable, Equatable {
  case succeeded
  case failed(FailureCause)
}

/// Why an attempt failed. Causes are kept apart because they call for different acts: an exit code
/// is the application's word, a lost executor and a cancel are not.
public enum FailureCause: Sendable, Equatable {
  /// The application's own exit code, never 0.
  case exit(Int)
  /// A Unix signal that was not sent by us.
  case signal(Int)
  /// Killed for its memory; `certain` when the kernel said so.
  case outOfMemory(certain: Bool)
  /// Ran longer than it may, in seconds.
  case timeout(seconds: Double)
  /// The executable, its interpreter or the directory is missing or may not be used.
  case notFound(String)
  /// The job message cannot be understood.
  case invalidMessage(String)
  /// The executor vanished.
  case lost(String)
  /// A person or the end of the run stopped it.
  case cancelled
  /// Something else went wrong around the job: a function that threw, a file that cannot be
  /// written.
  case error(String)
}

extension FailureCause {
  /// The word of the wire and of filters: `exit`, `signal`, `oom`, …
  public var word: String {
    switch self {
    case .exit: "exit"
    case .signal: "signal"
    case .outOfMemory: "oom"
    case .timeout: "timeout"
    case .notFound: "notFound"
    case .invalidMessage: "invalidMessage"
    case .lost: "lost"
    case .cancelled: "cancelled"
    case .error: "error"
    }
  }

  /// The one argument of the cause as text; empty when it has none.
  public var argument: String {
    switch self {
    case .exit(let code): String(code)
    case .signal(let number): String(number)
    case .outOfMemory(let certain): certain ? "" : "possibly"
    case .timeout(let seconds): String(seconds)
    case .notFound(let text), .invalidMessage(let text), .lost(let text), .error(let text): text
    case .cancelled: ""
    }
  }

  /// The inverse of `word` and `argument`; `nil` for a word that is none.
  public init?(word: String, argument: String) {
    switch word {
    case "exit": self = .exit(Int(argument) ?? 1)
    case "signal": self = .signal(Int(argument) ?? 0)
    case "oom": self = .outOfMemory(certain: argument.isEmpty)
    case "timeout": self = .timeout(seconds: Double(argument) ?? 0)
    case "notFound": self = .notFound(argument)
    case "invalidMessage": self = .invalidMessage(argument)
    case "lost": self = .lost(argument)
    case "cancelled": self = .cancelled
    case "error": self = .error(argument)
    default: return nil
    }
  }

  /// A few words for tables: `exit 3`, `signal 9 (KILL)`, `not found`.
  public var summary: String {
    switch self {
    case .exit(let code): "exit \(code)"
    case .signal(let number): "signal \(UnixSignalName.text(number))"
    case .outOfMemory(let certain): certain ? "out of memory" : "possibly out of memory"
    case .timeout(let seconds): "timeout after \(seconds.formatted) s"
    case .notFound: "not found"
    case .invalidMessage: "invalid message"
    case .lost: "lost"
    case .cancelled: "cancelled"
    case .error: "error"
    }
  }

  /// What there is to say beyond the summary: which file was not found, what the error was.
  public var detail: String? {
    switch self {
    case .notFound(let text), .invalidMessage(let text), .lost(let text), .error(let text):
      text.isEmpty ? nil : text
    default: nil
    }
  }
}

extension Double {
  fileprivate var formatted: String {
    self == rounded() && magnitude < 1e15 ? String(Int(self)) : String(self)
  }
}

/// Names of the Unix signals on Linux that end processes.
public enum UnixSignalName {
  private static let names: [Int: String] = [
    1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL",
    10: "USR1", 11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 24: "XCPU", 25: "XFSZ",
  ]

  /// `9 (KILL)`, or the bare number.
  public static func text(_ number: Int) -> String {
    names[number].map { "\(number) (\($0))" } ?? "\(number)"
  }

  /// `KILL`, or the number.
  public static func short(_ number: Int) -> String { names[number] ?? "\(number)" }

  /// The number of `KILL`, `SIGKILL`, `kill`; `nil` for what is no name.
  public static func number(_ name: String) -> Int? {
    let upper = name.uppercased()
    let short = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
    return names.first { $0.value == short }?.key
  }
}
