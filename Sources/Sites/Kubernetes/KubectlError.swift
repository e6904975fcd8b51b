/// What an error message of kubectl means for the request.
///
/// | kubectl says | then |
/// |---|---|
/// | `AlreadyExists` | it is there: an earlier call has made it |
/// | `exceeded quota` | wait: others must end first |
/// | `Conflict`, `TooManyRequests` | wait: the server was busy |
/// | `InternalError`, `ServiceUnavailable`, no answer, anything else | wait; it may have happened |
/// | `Unauthorized` | wait: a token was renewed, or must be |
/// | `Invalid`, `BadRequest`, `Forbidden`, a missing namespace | never |
/// | kubectl is missing | never |
public enum KubectlError: Sendable, Equatable {
  case exists
  case quota(String)
  case busy(String)
  /// The server may have done what was asked.
  case unclear(String)
  case refused(String)

  private static let busyWords = [
    "(Conflict)", "Operation cannot be fulfilled", "(TooManyRequests)", "too many requests",
    "please try again later", "(Unauthorized)", "must be logged in", "provide credentials",
  ]
  private static let refusedWords = [
    "(Invalid)", "(BadRequest)", "(Forbidden)", "(MethodNotAllowed)", "error validating",
    "unable to recognize", "no matches for kind", "strict decoding error", "unable to decode",
    "namespaces \"", "context was not found", "does not exist", "error loading config",
    "executable file not found", "unknown flag", "no configuration has been provided",
    "invalid configuration",
  ]

  public init(_ text: String) {
    let line = PodState.line(text)
    if text.contains("AlreadyExists") || text.contains("already exists") {
      self = .exists
    } else if text.contains("exceeded quota") {
      self = .quota(Self.shortened(line))
    } else if Self.busyWords.contains(where: text.contains) {
      self = .busy(Self.shortened(line))
    } else if Self.refusedWords.contains(where: text.contains) {
      self = .refused(Self.shortened(line))
    } else {
      self = .unclear(Self.shortened(line))
    }
  }

  public var text: String {
    switch self {
    case .exists: "it exists already"
    case .quota(let text), .busy(let text), .unclear(let text), .refused(let text): text
    }
  }

  /// Without the prefix of each error message of kubectl.
  private static func shortened(_ line: String) -> String {
    var text = line
    for head in ["error: ", "Error from server "] where text.hasPrefix(head) {
      text = String(text.dropFirst(head.count))
    }
    return text.replacing("error when creating \"STDIN\": ", with: "")
  }
}

/// The result of one `kubectl create`, by object.
struct CreationResult: Equatable, Sendable {
  var created: Set<String> = []
  var failures: [String: KubectlError] = [:]

  /// Reads the names that `-o name` prints, and one error line for each other object. An error line
  /// that names no object, such as a lost connection, applies to all remaining objects.
  init(names: [String], output: String, errors: String, isLate: Bool) {
    let made = output.split(whereSeparator: \.isNewline).compactMap {
      $0.split(separator: "/").last
    }
    created = Set(made.map(String.init)).intersection(names)
    let lines = errors.split(whereSeparator: \.isNewline).map(String.init)
      .filter { $0.contains(where: \.isLetter) && !$0.hasPrefix("Warning:") }
    let common = lines.first { line in !names.contains { line.contains("\"\($0)\"") } }
    for name in names where !created.contains(name) {
      let own = lines.first { $0.contains("\"\(name)\"") }
      let text = own ?? common ?? (isLate ? "kubectl did not answer" : "kubectl said nothing")
      failures[name] = KubectlError(text)
    }
  }
}
