import Engine
import JobProtocol
import Posix
import Redis
import Runner
import Synchronization
import TUI

/// Feeds the screen's mailbox from one run, until it is stopped.
final class ScreenFeed: Sendable {
  private struct Tasks {
    var steady: [Task<Void, Never>] = []
    var logs: [AttemptID: Task<Void, Never>] = [:]
    var workers: Task<Void, Never>?
    var isStopped = false
  }

  let door: RunWatcher
  private let details: RunWatcher.Details
  private let mailbox: Mailbox
  private let tasks = Mutex(Tasks())

  init(door: RunWatcher, details: RunWatcher.Details, mailbox: Mailbox) {
    self.door = door
    self.details = details
    self.mailbox = mailbox
  }

  func start() {
    let events = door.events
    let steady = [
      Task { await self.follow(events) },
      Task { await self.report(events.states) },
      Task { await self.door.keepSigning() },
    ]
    tasks.withLock { $0.steady = steady }
  }

  func stop() {
    tasks.withLock { tasks in
      tasks.isStopped = true
      for task in tasks.steady { task.cancel() }
      for task in tasks.logs.values { task.cancel() }
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
        if events.contains(where: \.isLast) {
          reader.cancel()
          send(.closed)
          return
        }
      }
    } catch {
      send(.notice("\(error)"))
    }
  }

  private static func age(of events: [RunEvent]) -> Int {
    max(0, Clock.wallMilliseconds - (events.last?.time ?? Clock.wallMilliseconds))
  }

  private func report(_ states: AsyncStream<RedisState>) async {
    for await state in states {
      switch state {
      case .connected: send(.connection(.live))
      case .lost(let error): send(.connection(.lost("\(error.message)")))
      case .retrying, .closed: break
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

  func followLogs(_ attempts: Set<AttemptID>) {
    tasks.withLock { tasks in
      guard !tasks.isStopped else { return }
      for (attempt, task) in tasks.logs where !attempts.contains(attempt) {
        task.cancel()
        tasks.logs[attempt] = nil
      }
      for attempt in attempts where tasks.logs[attempt] == nil {
        tasks.logs[attempt] = Task { await self.sendLog(of: attempt) }
      }
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

  private func sendLog(of attempt: AttemptID) async {
    let follower = LogFollower(job: "\(details.jobID(attempt))", url: door.url)
    do {
      try await follower.follow { updates in self.deliver(updates, of: attempt) }
    } catch {
      if !Task.isCancelled { send(.notice("the log cannot be read: \(error)")) }
    }
  }

  private func deliver(_ updates: [LogFollower.Update], of attempt: AttemptID) {
    var chunks: [LogChunk] = []
    var isTruncated = false
    for update in updates {
      switch update {
      case .chunk(let chunk): chunks.append(chunk)
      case .missing: isTruncated = true
      }
    }
    send(.log(LogUpdate(attempt: attempt, chunks: chunks, isTruncated: isTruncated)))
  }
}

extension RunEvent {
  /// Nothing comes after it.
  fileprivate var isLast: Bool {
    if case .runFinished = change { true } else { false }
  }
}
