import JobProtocol
import Posix
import Redis
import Signing

/// Writes orders to executors, signed where there is a key.
struct OrderPublisher: Sendable {
  let channel: String
  let key: SigningKey?

  /// An order that nobody has obeyed by then is obeyed by nobody.
  private static let lifeMilliseconds = 60_000

  func publish(_ order: ExecutorOrder) -> RedisCommand {
    guard let key else { return RedisCommand("PUBLISH", channel, order.text) }
    let nonce = String(UInt64.random(in: .min ... .max), radix: 36)
    let text = key.sign(
      order: order, channel: channel, expires: Clock.wallMilliseconds + Self.lifeMilliseconds,
      nonce: nonce)
    return RedisCommand("PUBLISH", channel, text)
  }
}
