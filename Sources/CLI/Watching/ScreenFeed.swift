import Engine
import JobProtocol
import Posix
import Redis
import Runner
import Synchronization
import TUI

/// Feeds the screen's mailbox from a run, and carries out what the screen asks for.
final class ScreenFeed: Sendable {
  private struct Tasks {
    var steady: [Task<Void, Never>] = []
    var log: Task<Void, Never>?
  }

  private let door: RunWatcher
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
      for task in tasks.steady { task.cancel() }
      tasks.log?.cancel()
    }
  }

  /// Never blocks: called on the screen's thread.
  func perform(_ effect: WorldEffect) {
    switch effect {
    case .followLog(let attempt): followLog(attempt)
    case .control(let request): Task { await self.ask(request) }
    }
  }

  private func follow(_ reader: RedisStreamReader) async {
    do {
      for try await batch in reader {
        let events = RunWatcher.events(in: batch)
        mailbox.send(.events(events))
        if events.contains(where: \.isLast) {
          reader.cancel()
          mailbox.send(.closed)
          return
        }
      }
    } catch {
      mailbox.send(.notice("\(error)"))
    }
  }

  private func report(_ states: AsyncStream<RedisState>) async {
    for await state in states {
      switch state {
      case .connected: mailbox.send(.connection(.live))
      case .lost(let error): mailbox.send(.connection(.lost("\(error.message)")))
      case .retrying, .closed: break
      }
    }
  }

  private func ask(_ request: ControlRequest) async {
    do {
      try await door.ask(request)
    } catch {
      mailbox.send(.notice("not sent: \(error)"))
    }
  }

  private func followLog(_ attempt: AttemptID?) {
    let next = attempt.map { attempt in Task { await self.sendLog(of: attempt) } }
    tasks.withLock { tasks in
      tasks.log?.cancel()
      tasks.log = next
    }
  }

  private func sendLog(of attempt: AttemptID) async {
    let follower = LogFollower(job: "\(details.jobID(attempt))", url: door.url)
    do {
      try await follower.follow { updates in self.deliver(updates, of: attempt) }
    } catch {
      if !Task.isCancelled { mailbox.send(.notice("the log cannot be read: \(error)")) }
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
    mailbox.send(.log(LogUpdate(attempt: attempt, chunks: chunks, isTruncated: isTruncated)))
  }
}

extension RunEvent {
  /// Nothing comes after it.
  fileprivate var isLast: Bool {
    if case .runFinished = change { true } else { false }
  }
}
