/// How long a server may be silent before its connection counts as lost.
///
/// A network may drop every packet without closing a connection, so each wait is limited:
///
/// | the connection | sends at least | and counts as lost when |
/// |---|---|---|
/// | runs commands | – | no byte comes or goes for `answerMilliseconds` while a reply is owed |
/// | reads streams | a read that blocks for `idleMilliseconds` | its reply is that late |
/// | is subscribed | a `PING` after `idleMilliseconds` of silence | its reply is that late |
///
/// An engine renews its lease of 15 s every 5 s; idle time plus answer time is less.
public struct RedisTimeouts: Sendable {
  public var idleMilliseconds: Int
  public var answerMilliseconds: Int

  public init(idleMilliseconds: Int = 5000, answerMilliseconds: Int = 6000) {
    self.idleMilliseconds = idleMilliseconds
    self.answerMilliseconds = answerMilliseconds
  }

  public static let standard = RedisTimeouts()
  /// The limit for the exchange of a single command, in milliseconds.
  public static let singleAnswerMilliseconds = 15_000
  /// How long a server that had worked may answer with other errors.
  public static let faultMilliseconds = 30_000
}
