import Posix

/// Subscribes, reports confirmations, and passes messages on.
struct SubscriptionSession: ListenerSession {
  /// Subscriptions that were sent together, and the event to send when all are confirmed.
  private struct Batch {
    var unconfirmedCount: Int
    var events: [RedisSubscription.Event]
  }

  let desired: DesiredSubscriptions
  private var wasSubscribed = false
  private var batches: [Batch] = []

  init(desired: DesiredSubscriptions) { self.desired = desired }

  mutating func run(
    on connection: RedisConnection, for listener: Listener<RedisSubscription.Event>
  ) throws(RedisError) {
    begin(on: connection)
    var watch = AnswerWatch(listener.patience)
    var pingAt = Clock.monotonicMilliseconds + listener.patience.idleMilliseconds
    while !listener.queue.isEnded {
      apply(desired.takeChanges(), on: connection)
      tellConfirmed(listener)
      if Clock.monotonicMilliseconds >= pingAt {
        connection.append(RedisCommand("PING"))
        pingAt = .max
      }
      if connection.hasOutput, watch.dueAt == nil { watch.expect() }
      try listener.exchange(on: connection, &watch, dueAt: pingAt == .max ? nil : pingAt)
      while let reply = try connection.nextReply() {
        try handle(reply, connection, listener)
        watch.answered()
        pingAt = Clock.monotonicMilliseconds + listener.patience.idleMilliseconds
      }
    }
  }

  func lost(_ error: RedisError, for listener: Listener<RedisSubscription.Event>) {
    if wasSubscribed { listener.queue.send(.lost(error)) }
  }

  private mutating func begin(on connection: RedisConnection) {
    let all = desired.takeAll()
    var events = [RedisSubscription.Event.resubscribed]
    if !wasSubscribed { events = [.subscribed(all.channels + all.patterns)] }
    // Additions that were made meanwhile, or are not confirmed, get their own event too.
    let unconfirmed = wasSubscribed ? batches.flatMap(\.events) : []
    events += unconfirmed.filter { $0 != .resubscribed }
    events += all.pending.map { .subscribed($0) }
    batches = []
    add(all.channels, all.patterns, telling: events, on: connection)
  }

  private mutating func apply(
    _ changes: [DesiredSubscriptions.Change], on connection: RedisConnection
  ) {
    for change in changes {
      switch change {
      case .add(let channels, let patterns):
        add(channels, patterns, telling: [.subscribed(channels + patterns)], on: connection)
      case .remove(let channels, let patterns):
        if !channels.isEmpty { connection.append(RedisCommand(["UNSUBSCRIBE"] + channels)) }
        if !patterns.isEmpty { connection.append(RedisCommand(["PUNSUBSCRIBE"] + patterns)) }
      }
    }
  }

  private mutating func add(
    _ channels: [String], _ patterns: [String], telling events: [RedisSubscription.Event],
    on connection: RedisConnection
  ) {
    if !channels.isEmpty { connection.append(RedisCommand(["SUBSCRIBE"] + channels)) }
    if !patterns.isEmpty { connection.append(RedisCommand(["PSUBSCRIBE"] + patterns)) }
    batches.append(Batch(unconfirmedCount: channels.count + patterns.count, events: events))
  }

  /// Confirmations arrive in the order of commands, one for each name.
  private mutating func tellConfirmed(_ listener: Listener<RedisSubscription.Event>) {
    while let batch = batches.first, batch.unconfirmedCount == 0 {
      batches.removeFirst()
      wasSubscribed = true
      listener.commandSucceeded()
      for event in batch.events { listener.queue.send(event) }
    }
  }

  private mutating func handle(
    _ reply: RedisValue, _ connection: RedisConnection,
    _ listener: Listener<RedisSubscription.Event>
  ) throws(RedisError) {
    if case .error(let text) = reply { throw .reply(text, at: connection.url) }
    guard let parts = reply.array, let kind = parts.first?.string else { return }
    switch kind {
    case "message" where parts.count == 3:
      let push = RedisPush(channel: parts[1].string ?? "", payload: parts[2].bytes ?? [])
      listener.queue.send(.message(push))
    case "pmessage" where parts.count == 4:
      let push = RedisPush(
        channel: parts[2].string ?? "", payload: parts[3].bytes ?? [], pattern: parts[1].string)
      listener.queue.send(.message(push))
    case "subscribe", "psubscribe":
      if !batches.isEmpty { batches[0].unconfirmedCount -= 1 }
      tellConfirmed(listener)
    default: break
    }
  }
}
