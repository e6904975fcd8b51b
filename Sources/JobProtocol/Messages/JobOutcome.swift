/// How an attempt ended.
public enum JobOutcome: Sendable, Equatable {
  case succeeded
  case failed(FailureCause)
}

/// Why an attempt failed. Causes are separate because they need different reactions: an exit
/// code is the application's own, a lost executor or a cancellation is not.
public enum FailureCause: Sendable, Equatable {
  /// The application's exit code, never 0.
  case exit(Int)
  /// A Unix signal that the executor did not send.
  case signal(Int)
  /// Killed for its memory; `certain` if the kernel said so.
  case outOfMemory(certain: Bool)
  /// Exceeded its time limit, in seconds.
  case timeout(seconds: Double)
  /// The executable, its interpreter or the directory is missing or not permitted.
  case notFound(String)
  /// The image of its container is missing and cannot be pulled.
  case image(String)
  /// The container could not be made: the tool failed, a pull took too long.
  case container(String)
  /// The job message is invalid or rejected.
  case invalidMessage(String)
  /// No infrastructure of the run will ever run it.
  case refused(String)
  /// The executor died.
  case lost(String)
  /// Cancelled by a user, or because the run was stopped.
  case cancelled
  /// A file that it declares was missing before its start or after its end, and it is strict.
  case file(String)
  /// Another error: a function that threw, a file that cannot be written.
  case error(String)
}

extension FailureCause {
  /// The name in messages and filters: `exit`, `signal`, `oom`, …
  public var word: String {
    switch self {
    case .exit: "exit"
    case .signal: "signal"
    case .outOfMemory: "oom"
    case .timeout: "timeout"
    case .notFound: "notFound"
    case .image: "image"
    case .container: "container"
    case .invalidMessage: "invalidMessage"
    case .refused: "refused"
    case .lost: "lost"
    case .cancelled: "cancelled"
    case .file: "file"
    case .error: "error"
    }
  }

  /// The argument of the cause as text; empty if it has none.
  public var argument: String {
    switch self {
    case .exit(let code): String(code)
    case .signal(let number): String(number)
    case .outOfMemory(let certain): certain ? "" : "possibly"
    case .timeout(let seconds): String(seconds)
    case .notFound(let text), .invalidMessage(let text), .lost(let text), .error(let text),
      .image(let text), .container(let text), .refused(let text), .file(let text):
      text
    case .cancelled: ""
    }
  }

  /// The inverse of `word` and `argument`; `nil` for an unknown word.
  public init?(word: String, argument: String) {
    switch word {
    case "exit": self = .exit(Int(argument) ?? 1)
    case "signal": self = .signal(Int(argument) ?? 0)
    case "oom": self = .outOfMemory(certain: argument.isEmpty)
    case "timeout": self = .timeout(seconds: Double(argument) ?? 0)
    case "notFound": self = .notFound(argument)
    case "image": self = .image(argument)
    case "container": self = .container(argument)
    case "invalidMessage": self = .invalidMessage(argument)
    case "refused": self = .refused(argument)
    case "lost": self = .lost(argument)
    case "cancelled": self = .cancelled
    case "file": self = .file(argument)
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
    case .timeout(let seconds): "timed out after \(seconds.formatted) s"
    case .notFound: "not found"
    case .image: "no image"
    case .container: "no container"
    case .invalidMessage: "invalid message"
    case .refused: "refused"
    case .lost: "lost"
    case .cancelled: "cancelled"
    case .file: "missing file"
    case .error: "error"
    }
  }

  /// The detail besides the summary: which file was not found, what the error was.
  public var detail: String? {
    switch self {
    case .notFound(let text), .invalidMessage(let text), .lost(let text), .error(let text),
      .image(let text), .container(let text), .refused(let text), .file(let text):
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

/// Names of Unix signals on Linux that end processes.
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

  /// The number of `KILL`, `SIGKILL`, `kill`; `nil` for an unknown name.
  public static func number(_ name: String) -> Int? {
    let upper = name.uppercased()
    let short = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
    return names.first { $0.value == short }?.key
  }
}
