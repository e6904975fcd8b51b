import Posix

/// Complete exchanges: every command sent is answered. No earlier command may be unanswered.
extension RedisConnection {
  /// A pipeline: all commands in one go, replies in their order. Error replies are values.
  ///
  /// After a timeout (-1: none), the connection must not be used, because late replies would count
  /// as replies to later commands. The time counts from the last byte in either direction.
  public func run(
    _ commands: [RedisCommand],
    timeoutMilliseconds: Int = RedisTimeouts.singleAnswerMilliseconds
  ) throws(RedisError) -> [RedisValue] {
    precondition(unansweredCount == 0, "run needs a connection without unanswered commands")
    for command in commands { append(command) }
    if timeoutMilliseconds < 0 { try flush() }
    var replies: [RedisValue] = []
    replies.reserveCapacity(commands.count)
    while replies.count < commands.count {
      let before = progress
      do throws(RedisError) {
        if let reply = try receive(timeoutMilliseconds: timeoutMilliseconds) {
          replies.append(reply)
          continue
        }
      } catch {
        throw closingError(in: replies) ?? error
      }
      if progress == before { throw timedOut(timeoutMilliseconds) }
    }
    return replies
  }

  /// The reason why the server closed the connection, if its last reply has one.
  private func closingError(in replies: [RedisValue]) -> RedisError? {
    guard let text = replies.last?.errorText else { return nil }
    let isReason = text.hasPrefix("ERR max number of clients") || text.contains("Protocol error")
    return isReason ? .reply(text, at: url) : nil
  }

  /// One command. An error reply is thrown as `server`.
  public func call(
    _ command: RedisCommand, timeoutMilliseconds: Int = RedisTimeouts.singleAnswerMilliseconds
  ) throws(RedisError) -> RedisValue {
    let replies = try run([command], timeoutMilliseconds: timeoutMilliseconds)
    if case .error(let text) = replies[0] { throw .reply(text, at: url) }
    return replies[0]
  }

  /// Sends the commands between MULTI and EXEC in one pipeline; returns EXEC's replies.
  /// Throws `server` if nothing was executed; errors of single commands are values.
  public func transaction(
    _ commands: [RedisCommand], timeoutMilliseconds: Int = RedisTimeouts.singleAnswerMilliseconds
  ) throws(RedisError) -> [RedisValue] {
    let all = [RedisCommand("MULTI")] + commands + [RedisCommand("EXEC")]
    let replies = try run(all, timeoutMilliseconds: timeoutMilliseconds)
    if let results = replies[all.count - 1].array { return results }
    let reasons = replies.compactMap(\.errorText)
    throw RedisError(
      .server, reasons.first ?? "EXECABORT a watched key changed, nothing was executed",
      at: url.description)
  }

  /// Runs a Lua script by its name, sending its source only when the server does not know it.
  public func script(
    _ script: RedisScript, keys: [String], arguments: [any RedisArgument],
    timeoutMilliseconds: Int = RedisTimeouts.singleAnswerMilliseconds
  ) throws(RedisError) -> RedisValue {
    let tail: [any RedisArgument] = [keys.count] + keys + arguments
    let known = scriptNames[script.source]
    let name =
      if let known { known } else {
        try call(
          RedisCommand("SCRIPT", "LOAD", script.source), timeoutMilliseconds: timeoutMilliseconds
        ).string ?? ""
      }
    scriptNames[script.source] = name
    let reply = try run(
      [RedisCommand(["EVALSHA", name] + tail)], timeoutMilliseconds: timeoutMilliseconds)[0]
    guard let text = reply.errorText else { return reply }
    guard text.hasPrefix("NOSCRIPT") else { throw .reply(text, at: url) }
    return try call(
      RedisCommand(["EVAL", script.source] + tail), timeoutMilliseconds: timeoutMilliseconds)
  }

  private func timedOut(_ milliseconds: Int) -> RedisError {
    let error = RedisError(
      .timeout, "no answer within \(milliseconds) ms", at: url.description,
      advice: "check the server's load and the network")
    fail(error)
    return error
  }
}

/// A Lua script; its SHA-1 identifies it.
public struct RedisScript: Sendable, Hashable {
  public let source: String

  public init(_ source: String) { self.source = source }
}
