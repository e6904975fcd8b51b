import Engine
import JobProtocol
import Posix
import Redis
import Runner
import Synchronization
import TUI
import Workflow

/// Feeds the screen's mailbox from one run, until it is stopped.
final class ScreenFeed: Sendable {
  private struct Tasks {
    var steady: [Task<Void, Never>] = []
    var workers: Task<Void, Never>?
    var isStopped = false
    /// The run's last event was there.
    var isOver = false
  }

  let door: RunWatcher
  let workflow: Workflow
  let tails: LogTails
  private let logs: LogFeed
  /// The Redis of a closed run, which is there for us.
  private let reviver: RunReviver?
  private let mailbox: Mailbox
  private let tasks = Mutex(Tasks())

  init(
    door: RunWatcher, details: RunWatcher.Details, reviver: RunReviver? = nil, mailbox: Mailbox
  ) {
    self.door = door
    workflow = details.workflow
    self.reviver = reviver
    logs = LogFeed(details, url: door.url)
    self.mailbox = mailbox
    tails = LogTails(details, url: door.url) { mailbox.send(.lastLine($0, $1)) }
  }

  var isOver: Bool { tasks.withLock { $0.isOver } }

  /// - Parameter whenLost: called again and again while Redis does not answer.
  func start(whenLost: @escaping @Sendable (ScreenFeed) -> Void) {
    let events = door.events
    let steady = [
      Task { await self.follow(events) },
      Task { await self.report(events, whenLost) },
      Task { await self.door.keepSigning() },
      Task { await self.passLogs() },
    ]
    tasks.withLock { $0.steady = steady }
  }

  /// Takes leave of the run; nothing more comes of it.
  func leave() async {
    stop()
    await door.leave()
    reviver?.close()
  }

  /// Ends without a word: the run is watched on, from another feed.
  func disconnect() async {
    stop()
    await door.disconnect()
    reviver?.close()
  }

  func stop() {
    tails.stop()
    tasks.withLock { tasks in
      tasks.isStopped = true
      for task in tasks.steady { task.cancel() }
      tasks.workers?.cancel()
    }
  }

  private func follow(_ reader: RedisStreamReader) async {
    var wasBehind = false
    do {
      for try await batch in reader {
        let events = RunWatcher.events(in: batch)
        send(.events(events))
        // A full batch means that more of the past is to come.
        let isBehind = batch.count >= RunWatcher.batchSize
        if isBehind || wasBehind { send(.lag(isBehind ? Self.age(of: events) : 0)) }
        wasBehind = isBehind
        let isOver = !isBehind && events.last?.isLast == true
        tasks.withLock { $0.isOver = isOver }
        // It is followed on as long as its Redis is there: somebody may open it again, as we may
        // just have done.
        if isOver { send(.closed) }
      }
    } catch {
      send(.notice("\(error)"))
    }
  }

  private static func age(of events: [RunEvent]) -> Int {
    max(0, Clock.wallMilliseconds - (events.last?.time ?? Clock.wallMilliseconds))
  }

  private func report(
    _ reader: RedisStreamReader, _ whenLost: @Sendable (ScreenFeed) -> Void
  ) async {
    for await state in reader.states {
      switch state {
      // The Redis of a closed run may go.
      case .lost where isOver: return reader.cancel()
      case .connected: send(.connection(.live))
      case .lost(let error):
        send(.connection(.lost("\(error.message)")))
        whenLost(self)
      case .retrying: whenLost(self)
      case .closed: break
      }
    }
  }

  /// Nothing of a run comes after it was stopped: the screen may show another one by then.
  private func send(_ message: WorldMessage) {
    tasks.withLock { tasks in
      if !tasks.isStopped { mailbox.send(message) }
    }
  }

  func ask(_ request: ControlRequest) async {
    do {
      try await door.ask(request)
    } catch {
      send(.notice("not sent: \(error)"))
    }
  }

  func followLogs(_ wish: LogWish) {
    switch wish {
    case .attempts(let attempts): logs.follow(.attempts(attempts))
    case .processes(let processes, let backlog):
      logs.follow(.processes(processes, backlog: backlog))
    }
  }

  /// Not faster than the screen takes it: what waits here is in Redis, not in our memory.
  private func passLogs() async {
    await logs.run { output in
      await self.mailbox.room()
      self.send(
        .log(
          LogUpdate(
            attempt: output.attempt, chunks: output.chunks, isTruncated: output.isTruncated)))
    } complain: { error in
      self.send(.notice("the log cannot be read: \(error)"))
    }
  }

  func watchWorkers(_ on: Bool) {
    tasks.withLock { tasks in
      if !on || tasks.isStopped {
        tasks.workers?.cancel()
        tasks.workers = nil
      } else if tasks.workers == nil {
        tasks.workers = Task { await self.door.watchWorkers { self.send(.workers($0)) } }
      }
    }
  }
}

extension RunEvent {
  /// Nothing comes after it.
  fileprivate var isLast: Bool {
    if case .runFinished = change { true } else { false }
  }
}
