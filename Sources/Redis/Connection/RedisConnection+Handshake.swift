import Glibc
import Posix

extension RedisConnection {
  /// Tries to connect, with growing pauses, for the given time. A refused login is thrown at once.
  /// Blocks the calling thread.
  public static func connect(
    _ url: RedisURL, withinMilliseconds milliseconds: Int, interruptDescriptor: Int32 = -1
  ) throws(RedisError) -> RedisConnection {
    let deadline = Clock.monotonicMilliseconds + milliseconds
    var backoff = Backoff()
    while true {
      let left = deadline - Clock.monotonicMilliseconds
      do throws(RedisError) {
        return try RedisConnection(
          url, timeoutMilliseconds: max(1, min(5000, left)),
          interruptDescriptor: interruptDescriptor)
      } catch {
        let pause = backoff.next()
        let isOver = Clock.monotonicMilliseconds + pause > deadline
        if isOver || !error.isConnectionLoss { throw error }
        if Poll.wait(for: interruptDescriptor, POLLIN, milliseconds: pause) {
          throw RedisError(.closed, "gave up on request", at: url.description)
        }
      }
    }
  }
}

/// The first exchange: login, database, and a PING that shows whether the server is ready. Also
/// checks the token of a run's own server, and the role of a server that sentinels named.
extension RedisConnection {
  func handshake(timeoutMilliseconds: Int) throws(RedisError) {
    var commands: [RedisCommand] = []
    if url.password != nil || url.user != nil {
      commands.append(RedisCommand(["AUTH"] + (url.user.map { [$0] } ?? []) + [url.password ?? ""]))
    }
    if url.database != 0 { commands.append(RedisCommand("SELECT", url.database)) }
    commands.append(RedisCommand("PING"))
    let token = url.identity?.token
    if token != nil { commands.append(RedisCommand("GET", ServerIdentity.key)) }
    let isFromSentinels = if case .sentinel = url.endpoint { true } else { false }
    if isFromSentinels { commands.append(RedisCommand("ROLE")) }
    let replies: [RedisValue]
    do throws(RedisError) {
      replies = try run(commands, timeoutMilliseconds: timeoutMilliseconds)
    } catch {
      // The server closed the connection with a reason before it had read everything.
      throw error.code == .server ? refusal(of: "PING", error.message) : error
    }
    for (command, reply) in zip(commands, replies) {
      guard let text = reply.errorText else { continue }
      // A server that cannot write to its disk can still be read.
      if command.name == "PING", text.hasPrefix("MISCONF") { continue }
      // Without this permission, a replica is noticed at the first write, which it refuses.
      if command.name == "ROLE", text.hasPrefix("NOPERM") { continue }
      throw refusal(of: command.name, text)
    }
    if let token, replies.last?.string != token {
      throw url.untrusted("it does not know the token in the run's run.json")
    }
    if isFromSentinels, let role = replies.last?.array?.first?.string, role != "master" {
      throw RedisError(
        .connect, "the sentinels name a server that is no master yet, but a \(role)",
        at: url.description)
    }
  }

  private func refusal(of command: String, _ message: String) -> RedisError {
    let place = url.description
    // "unknown command" quotes arguments: a server without AUTH would repeat the password.
    let secret = url.password ?? ""
    let text = secret.isEmpty ? message : message.replacing(secret, with: "***")
    // The server is not ready yet, so another attempt may succeed.
    if RedisError.kind(ofReply: text) == .notReady {
      return RedisError(.connect, text, at: place)
    }
    if command == "AUTH" {
      return RedisError(
        .server, "login refused: \(text)", at: place,
        advice: "check user and password in the URL")
    }
    if text.hasPrefix("NOAUTH") {
      return RedisError(
        .server, "it wants a login: \(text)", at: place,
        advice: "give redis://[user]:password@host")
    }
    return RedisError(.server, "\(command) refused: \(text)", at: place)
  }
}
