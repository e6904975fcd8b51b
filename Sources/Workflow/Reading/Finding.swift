/// An error or a warning about a workflow file: one line, and its place.
public struct Finding: Sendable, Equatable, CustomStringConvertible {
  public enum Severity: String, Sendable { case error, warning }

  public let severity: Severity
  /// `processes[3].ins[1]` or `line 3, column 7`; empty for the whole file.
  public let path: String
  public let text: String

  public init(severity: Severity, path: String, text: String) {
    self.severity = severity
    self.path = path
    self.text = text
  }

  public var description: String { path.isEmpty ? text : "\(path): \(text)" }
}

/// The result of reading: a workflow exists exactly if no finding is an error.
public struct WorkflowReading: Sendable {
  public let workflow: Workflow?
  public let findings: [Finding]
}

/// Collects findings in order. Texts are made only for those that are kept, errors before
/// warnings, so a file with an error in every process costs no more than one with fifty.
struct Findings {
  static let defaultLimit = 50

  private let limit: Int
  private var kept: [(place: Int, finding: Finding)] = []
  private var keptErrors = 0
  private var errors = 0
  private var warnings = 0

  init(limit: Int = defaultLimit) { self.limit = limit }

  var hasErrors: Bool { errors > 0 }
  /// The number of errors and warnings, kept or not.
  var count: Int { errors + warnings }

  mutating func error(_ path: @autoclosure () -> String, _ text: @autoclosure () -> String) {
    errors += 1
    if keptErrors == limit { return }
    keptErrors += 1
    keep(.error, path(), text())
  }

  mutating func warning(_ path: @autoclosure () -> String, _ text: @autoclosure () -> String) {
    warnings += 1
    if warnings > limit { return }
    keep(.warning, path(), text())
  }

  private mutating func keep(_ severity: Finding.Severity, _ path: String, _ text: String) {
    kept.append((kept.count, Finding(severity: severity, path: path, text: text)))
  }

  /// At most `limit`, and one more with the number of the rest.
  var all: [Finding] {
    let first = kept.filter { $0.finding.severity == .error }
    let second = kept.filter { $0.finding.severity == .warning }.prefix(limit - first.count)
    let shown = (first + second).sorted { $0.place < $1.place }.map(\.finding)
    let rest = errors + warnings - shown.count
    if rest == 0 { return shown }
    let severity: Finding.Severity = errors > first.count ? .error : .warning
    return shown + [Finding(severity: severity, path: "", text: "… and \(rest) more")]
  }
}

extension String {
  /// Text from the file as messages quote it: safe and shortened.
  var quotedForMessage: String {
    let shown =
      unicodeScalars.count > 60
      ? String(String.UnicodeScalarView(unicodeScalars.prefix(57))) + "…" : self
    return "\"\(shown.displayName)\""
  }
}

/// A place in the file, for findings. Its text is made only when needed.
struct JSONPath: CustomStringConvertible {
  /// The array's key in this file: `processes` or the old name `tasks`.
  let list: String
  let index: Int
  var suffix = ""

  var description: String { "\(list)[\(index)]\(suffix)" }

  func key(_ name: String) -> String { "\(self).\(name)" }
  func element(_ name: String, _ position: Int) -> String { "\(self).\(name)[\(position)]" }
}

extension JSONPath {
  func inside(_ path: String) -> JSONPath {
    JSONPath(list: list, index: index, suffix: suffix + path)
  }
}
