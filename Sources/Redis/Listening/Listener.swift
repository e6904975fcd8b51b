import Dispatch
import Glibc
import Posix

/// What a listener does with a connection while it lasts.
protocol ListenerSession<Element>: Sendable {
  associatedtype Element: Sendable

  /// Returns when the mailbox has ended. Throws a connection loss to be called again on a new
  /// connection, anything else to end the mailbox with it.
  mutating func run(
    on connection: RedisConnection, for listener: Listener<Element>
  ) throws(RedisError)

  /// The connection is gone, or could not be made; another attempt follows.
  func lost(_ error: RedisError, for listener: Listener<Element>)
}

/// A thread with a connection of its own that fills a mailbox, connecting again until it has ended.
///
/// The thread owns the session and the connection. Others reach it through the mailbox, the wake
/// pipe, and what the session shares under a lock.
final class Listener<Element: Sendable>: Sendable {
  let url: RedisURL
  let mailbox: Mailbox<Element>
  let wake = WakePipe()
  let states = Broadcast<RedisState>()

  init(_ url: RedisURL, capacity: Int) {
    self.url = url
    mailbox = Mailbox(capacity: capacity, wake: wake)
  }

  func start(_ session: some ListenerSession<Element>) {
    DispatchQueue(label: "redis-listener").async { [self] in
      var session = session
      listen(&session)
      states.send(.closed)
      states.finish()
    }
  }

  private func listen(_ session: inout some ListenerSession<Element>) {
    var backoff = Backoff()
    while !mailbox.isEnded {
      do throws(RedisError) {
        try wake.check()
        let connection = try RedisConnection(url)
        backoff = Backoff()
        states.send(.connected)
        try session.run(on: connection, for: self)
      } catch {
        guard error.isConnectionLoss else { return mailbox.finish(throwing: error) }
        if mailbox.isEnded { return }
        let pause = backoff.next()
        states.send(.lost(error))
        session.lost(error, for: self)
        states.send(.retrying(inMilliseconds: pause))
        rest(milliseconds: pause)
      }
    }
  }

  /// Waits for the whole time, unless the mailbox ends.
  func rest(milliseconds: Int) {
    let deadline = Clock.monotonicMilliseconds + milliseconds
    while !mailbox.isEnded {
      let left = deadline - Clock.monotonicMilliseconds
      guard left > 0, Poll.wait(for: wake.descriptor, POLLIN, milliseconds: left) else { return }
      wake.drain()
    }
  }

  /// Sends what there is to send and waits until something has come, unless the mailbox is full, or
  /// somebody wakes us.
  func exchange(on connection: RedisConnection) throws(RedisError) {
    let isSent = try connection.pump()
    let isFull = mailbox.isFull
    let events = (isFull ? 0 : POLLIN) | (isSent ? 0 : POLLOUT)
    var entries = [
      pollfd(fd: connection.descriptor, events: Int16(events), revents: 0),
      pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    _ = Poll.wait(&entries, milliseconds: -1)
    if entries[1].revents != 0 { wake.drain() }
    let isHungUp = entries[0].revents & Int16(POLLHUP | POLLERR) != 0
    if !isFull || isHungUp { try connection.readAvailable() }
  }
}
