import Glibc
import Posix

extension RedisConnection {
  /// Connects with growing pauses, at most for the given time; a refused login ends it at
  /// once. For threads that may wait.
  public static func connect(
    _ url: RedisURL, withinMilliseconds patience: Int, interruptDescriptor: Int32 = -1
  ) throws(RedisError) -> RedisConnection {
    let deadline = Clock.monotonicMilliseconds + patience
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

/// The first exchange: login, database, a PING that shows whether the server is ready, the proof of
/// identity, and of a server that sentinels named, whether it is a master.
extension RedisConnection {
  func greet(timeoutMilliseconds: Int) throws(RedisError) {
    var commands: [RedisCommand] = []
    if url.password != nil || url.user != nil {
      commands.append(RedisCommand(["AUTH"] + (url.user.map { [$0] } ?? []) + [url.password ?? ""]))
    }
    if url.database != 0 { commands.append(RedisCommand("SELECT", url.database)) }
    commands.append(RedisCommand("PING"))
    let token = url.identity?.token
    if token != nil { commands.append(RedisCommand("GET", ServerIdentity.key)) }
    let isNamed = if case .sentinel = url.endpoint { true } else { false }
    if isNamed { commands.append(RedisCommand("ROLE")) }
    let replies: [RedisValue]
    do throws(RedisError) {
      replies = try run(commands, timeoutMilliseconds: timeoutMilliseconds)
    } catch {
      // It closed the connection with a reason before it had read everything.
      throw error.code == .server ? refusal(of: "PING", error.message) : error
    }
    for (command, reply) in zip(commands, replies) {
      guard let text = reply.errorText else { continue }
      // A server that cannot write to its disk can still be read.
      if command.name == "PING", text.hasPrefix("MISCONF") { continue }
      // A replica will refuse to write, so this user learns it later.
      if command.name == "ROLE", text.hasPrefix("NOPERM") { continue }
      throw refusal(of: command.name, text)
    }
    if let token, replies.last?.string != token {
      throw url.distrust("it does not know the token in the run's run.json")
    }
    if isNamed, let role = replies.last?.array?.first?.string, role != "master" {
      throw RedisError(
        .connect, "the sentinels name a server that is no master yet, but a \(role)",
        at: url.description)
    }
  }

  private func refusal(of command: String, _ words: String) -> RedisError {
    let place = url.description
    // "unknown command" quotes arguments: a server without AUTH would repeat the password.
    let secret = url.password ?? ""
    let text = secret.isEmpty ? words : words.replacing(secret, with: "***")
    // The server is only not ready: try again.
    if RedisError.trouble(ofReply: text) == .notReady {
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
