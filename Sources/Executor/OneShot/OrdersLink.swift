import JobProtocol
import Posix
import Redis

/// A one-shot executor's subscription to its run's orders. It connects when the first message
/// of our engine arrives, because other engines send no orders.
final class OrdersLink {
  let link: RedisLink
  private(set) var isFollowing = false
  private var run: String?

  enum Delivery: Equatable {
    /// The subscription is confirmed: no order is missed from now on.
    case following
    case order(ExecutorOrder)
  }

  init(_ url: RedisURL) { link = RedisLink(url, connectsOnDemand: true) }

  func follow(run: String) {
    guard run != self.run else { return }
    self.run = run
    isFollowing = false
    if link.isConnected { link.subscribe(channel(run)) } else { link.demand() }
  }

  func resubscribe() {
    isFollowing = false
    if let run { link.subscribe(channel(run)) }
  }

  /// `nil` for other deliveries.
  func read(_ reply: RedisValue, gate: inout JobGate) -> Delivery? {
    guard let parts = reply.array, parts.count == 3 else { return nil }
    if parts[0].string == "subscribe" {
      guard let run, parts[1].string == channel(run) else { return nil }
      isFollowing = true
      return .following
    }
    return parts[2].string
      .flatMap { gate.order($0, channel: parts[1].string ?? "", now: Clock.wallMilliseconds) }
      .map { .order($0) }
  }

  private func channel(_ run: String) -> String { RunKeys.orders(run: run) }
}
