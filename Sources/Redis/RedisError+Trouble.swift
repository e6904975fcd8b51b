/// What an error means to somebody for whom the server had worked before.
public enum RedisTrouble: Sendable, Equatable {
  /// The connection is gone, or none can be made.
  case connection
  /// The server cannot serve just now: it loads its data, is a replica during a failover, is busy.
  case notReady
  /// The login or a permission is refused: it was taken away, or is being changed.
  case refused
  /// The disk or the memory of the server is full.
  case noRoom
  /// Anything else: waiting does not help.
  case other
}

/// The one table that says which error replies pass by themselves.
///
/// | the reply begins with | trouble |
/// |---|---|
/// | `LOADING`, `MASTERDOWN`, `READONLY`, `NOREPLICAS`, `UNBLOCKED` | not ready |
/// | `CLUSTERDOWN`, `TRYAGAIN` | not ready |
/// | `BUSY` (a script of somebody takes long), `ERR max number of clients` | not ready |
/// | `WRONGPASS`, `NOAUTH`, `NOPERM`, and the older words for them | refused |
/// | `MISCONF`, `OOM` | no room |
///
/// An error inside a script counts the same; servers before 7.0 put it behind words of their own.
extension RedisError {
  public var trouble: RedisTrouble {
    if isConnectionLoss { return .connection }
    return code == .server ? RedisError.trouble(ofReply: message) : .other
  }

  public static func trouble(ofReply text: String) -> RedisTrouble {
    func isOne(of words: [String]) -> Bool {
      words.contains { text.hasPrefix($0) || text.contains(": -\($0)") }
    }
    if isOne(of: notReadyWords) { return .notReady }
    if isOne(of: roomWords) { return .noRoom }
    if isOne(of: refusalWords) || refusalPhrases.contains(where: text.contains) { return .refused }
    return .other
  }

  /// Whether the same command may succeed later. One that the server cannot even read never does.
  var mayPass: Bool { code == .server && !message.contains("Protocol error") }

  private static let notReadyWords = [
    "LOADING ", "MASTERDOWN ", "READONLY ", "NOREPLICAS ", "UNBLOCKED ", "CLUSTERDOWN ",
    "TRYAGAIN ", "BUSY ", "ERR max number of clients",
  ]
  private static let roomWords = ["MISCONF ", "OOM "]
  private static let refusalWords = ["WRONGPASS ", "NOAUTH ", "NOPERM "]
  private static let refusalPhrases = [
    "login refused: ", "it wants a login: ", " refused: NOPERM", "invalid password",
    "called without any password", "The user executing the script can't",
  ]
}
