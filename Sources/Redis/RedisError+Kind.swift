/// The kind of a server's error, which decides whether waiting helps.
public enum RedisErrorKind: Sendable, Equatable {
  /// The connection is lost or cannot be made.
  case connection
  /// The server is not ready: it loads its data, is a replica during a failover, or is busy.
  case notReady
  /// The login, a certificate or a permission is refused.
  case refused
  /// The server's disk or memory is full.
  case noSpace
  /// Another error: waiting does not help.
  case other
}

/// Classifies error replies:
///
/// | the reply begins with | trouble |
/// |---|---|
/// | `LOADING`, `MASTERDOWN`, `READONLY`, `NOREPLICAS`, `UNBLOCKED` | not ready |
/// | `CLUSTERDOWN`, `TRYAGAIN` | not ready |
/// | `BUSY` (another client's script takes long), `ERR max number of clients` | not ready |
/// | `WRONGPASS`, `NOAUTH`, `NOPERM`, and the older words for them | refused |
/// | `MISCONF`, `OOM` | no room |
///
/// Errors inside a script count the same; servers before 7.0 prefix them.
extension RedisError {
  public var kind: RedisErrorKind {
    if isConnectionLoss { return .connection }
    if code == .tls { return .refused }
    return code == .server ? RedisError.kind(ofReply: message) : .other
  }

  public static func kind(ofReply text: String) -> RedisErrorKind {
    func isOne(of words: [String]) -> Bool {
      words.contains { text.hasPrefix($0) || text.contains(": -\($0)") }
    }
    if isOne(of: notReadyWords) { return .notReady }
    if isOne(of: noSpaceErrors) { return .noSpace }
    if isOne(of: refusalWords) || refusalPhrases.contains(where: text.contains) { return .refused }
    return .other
  }

  /// Whether the same command may succeed later. A command that the server cannot parse never
  /// does.
  var mayBeTemporary: Bool { code == .server && !message.contains("Protocol error") }

  private static let notReadyWords = [
    "LOADING ", "MASTERDOWN ", "READONLY ", "NOREPLICAS ", "UNBLOCKED ", "CLUSTERDOWN ",
    "TRYAGAIN ", "BUSY ", "ERR max number of clients",
  ]
  private static let noSpaceErrors = ["MISCONF ", "OOM "]
  private static let refusalWords = ["WRONGPASS ", "NOAUTH ", "NOPERM "]
  private static let refusalPhrases = [
    "login refused: ", "it wants a login: ", " refused: NOPERM", "invalid password",
    "called without any password", "The user executing the script can't",
  ]
}
