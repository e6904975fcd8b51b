import Posix
import Synchronization

/// Asks sentinels where the master is, for each new connection, because a failover may have moved
/// it.
///
/// | a sentinel | then |
/// |---|---|
/// | names a master | that is the place; `RedisConnection` checks with `ROLE` that it is one |
/// | cannot be reached, or does not answer in its share of the time | the next one is asked |
/// | does not know the master's name, refuses the login, or its certificate is refused | so, too |
///
/// The sentinel that answered last is asked first next time.
struct MasterSearch {
  private let sentinels: RedisURL.Sentinels
  private let url: RedisURL
  private let deadline: Int
  private let interruptDescriptor: Int32

  /// The index of the sentinel that answered last, by the URL's description.
  private static let lastAnswers = Mutex<[String: Int]>([:])

  /// - Parameter deadline: monotonic, in milliseconds. Half of the time is left for the master.
  init(
    _ sentinels: RedisURL.Sentinels, of url: RedisURL, deadline: Int, interruptDescriptor: Int32
  ) {
    self.sentinels = sentinels
    self.url = url
    self.deadline = deadline
    self.interruptDescriptor = interruptDescriptor
  }

  /// Throws `connect` if another attempt may help, else the refusal of a sentinel.
  func master() throws(RedisError) -> RedisURL.Endpoint {
    let count = sentinels.addresses.count
    let first = Self.lastAnswers.withLock { $0[url.description] ?? 0 }
    var failures: [(sentinel: String, error: RedisError)] = []
    for step in 0..<count {
      let index = (first + step) % count
      let place = RedisURL(
        .tcp(host: sentinels.addresses[index].host, port: sentinels.addresses[index].port),
        user: url.sentinelUser, password: url.sentinelPassword, tls: url.tls)
      let left = deadline - Clock.monotonicMilliseconds
      do throws(RedisError) {
        let endpoint = try query(place, milliseconds: max(1, left / 2 / (count - step)))
        Self.lastAnswers.withLock { $0[url.description] = index }
        return endpoint
      } catch {
        if interruptDescriptor >= 0, error.code == .closed { throw error }
        failures.append(("\(place)", error))
      }
    }
    throw Self.error(failures, at: url.description)
  }

  private func query(
    _ place: RedisURL, milliseconds: Int
  ) throws(RedisError) -> RedisURL.Endpoint {
    let deadline = Clock.monotonicMilliseconds + milliseconds
    let connection = try RedisConnection(
      place, timeoutMilliseconds: milliseconds, interruptDescriptor: interruptDescriptor)
    let reply = try connection.call(
      RedisCommand("SENTINEL", "get-master-addr-by-name", sentinels.master),
      timeoutMilliseconds: max(1, deadline - Clock.monotonicMilliseconds))
    return try Self.endpoint(reply, master: sentinels.master, at: place.description)
  }

  /// The address in the reply; it is untrusted.
  static func endpoint(
    _ reply: RedisValue, master: String, at place: String
  ) throws(RedisError) -> RedisURL.Endpoint {
    guard let parts = reply.array else {
      throw RedisError(
        .server, "this sentinel watches no master \(master)", at: place,
        advice: "check the name after the sentinels")
    }
    guard parts.count == 2, let host = parts[0].string, !host.isEmpty, !host.utf8.contains(0),
      let port = parts[1].integer,
      (1...65535).contains(port)
    else {
      throw RedisError(
        .connect, "the sentinel's answer is not an address", at: place,
        advice: "check that it is a sentinel")
    }
    return .tcp(host: host, port: port)
  }

  /// One error with the message of each sentinel. A refusal is final only if no sentinel failed
  /// temporarily.
  static func error(
    _ failures: [(sentinel: String, error: RedisError)], at place: String
  ) -> RedisError {
    let words = failures.map { "\($0.sentinel): \($0.error.message)" }.joined(separator: "; ")
    let final = failures.first { !$0.error.isConnectionLoss }
    let isTemporary = failures.contains { $0.error.isConnectionLoss }
    let code = isTemporary ? .connect : final?.error.code ?? .connect
    let isRefused = final.map { $0.error.code == .server && $0.error.kind == .refused } ?? false
    let advice =
      isRefused
      ? "give the sentinels' login: ?sentinel-user=…&sentinel-password=… at the end of the URL"
      : final?.error.advice ?? "check that they run there and can be reached"
    return RedisError(
      code, "no sentinel names the master (\(words))", at: place, advice: advice)
  }
}
