import Dispatch
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
    var engineIsGone = false
    var place = Place()
  }

  /// How far a feed has come, and what it was asked for: another one of the same run goes on there.
  struct Place {
    fileprivate var lastID = "0"
    fileprivate var logs: LogWish?
    fileprivate var tails: [AttemptID] = []
    fileprivate var watchesWorkers = false
    /// Where the jobs run.
    fileprivate var directory: String?
  }

  let door: RunWatcher
  let workflow: Workflow
  private let tails: LogTails
  private let logs: LogFeed
  private let details: RunWatcher.Details
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
    self.details = details
    logs = LogFeed(details, url: door.url)
    self.mailbox = mailbox
    tails = LogTails(details, url: door.url) { mailbox.send(.lastLine($0, $1)) }
  }

  var isOver: Bool { tasks.withLock { $0.isOver } }
  /// Nobody drives the run: its engine has ended without having closed it.
  var engineIsGone: Bool { tasks.withLock { $0.engineIsGone } }

  var lacksEngine: Bool { tasks.withLock { $0.isOver || $0.engineIsGone } }

  /// - Parameters:
  ///   - place: where another feed of this run was; the screen has what came before.
  ///   - whenLost: called again and again while Redis does not answer.
  func start(from place: Place = Place(), whenLost: @escaping @Sendable (ScreenFeed) -> Void) {
    tasks.withLock {
      $0.place.lastID = place.lastID
      $0.place.directory = place.directory
    }
    let events = door.events(after: place.lastID)
    let steady = [
      Task { await self.follow(events) },
      Task { await self.report(events, whenLost) },
      Task { await self.door.keepSigning { self.hear(engineIsThere: $0) } },
      Task { await self.passLogs() },
    ]
    tasks.withLock { $0.steady = steady }
    if let wish = place.logs { followLogs(wish) }
    if !place.tails.isEmpty { tailLogs(place.tails) }
    if place.watchesWorkers { watchWorkers(true) }
  }

  private func hear(engineIsThere: Bool) {
    tasks.withLock { $0.engineIsGone = !engineIsThere }
    send(.engine(isThere: engineIsThere))
  }

  /// Takes leave of the run; nothing more comes of it.
  func leave() async {
    stop()
    await door.leave()
    reviver?.close()
  }

  /// Ends without telling the screen: another feed goes on showing the run.
  func disconnect() async {
    stop()
    await door.disconnect()
    reviver?.close()
  }

  @discardableResult
  func stop() -> Place {
    tails.stop()
    return tasks.withLock { tasks in
      tasks.isStopped = true
      for task in tasks.steady { task.cancel() }
      tasks.workers?.cancel()
      return tasks.place
    }
  }

  private func follow(_ reader: RedisStreamReader) async {
    var wasBehind = false
    do {
      for try await batch in reader {
        let events = details.located(RunWatcher.events(in: batch))
        pass(events, upTo: batch.last?.id)
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

  /// What was sent and how far that is belong together.
  private func pass(_ events: [RunEvent], upTo id: String?) {
    tasks.withLock { tasks in
      guard !tasks.isStopped else { return }
      mailbox.send(.events(events))
      tasks.place.lastID = id ?? tasks.place.lastID
      for case .runStarted(let info) in events.map(\.change) {
        tasks.place.directory = info.directory
      }
    }
  }

  private static func age(of events: [RunEvent]) -> Int {
    max(0, Clock.steadyMilliseconds - (events.last?.time ?? Clock.steadyMilliseconds))
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

  func tailLogs(_ attempts: [AttemptID]) {
    tasks.withLock { $0.place.tails = attempts }
    tails.follow(Set(attempts))
  }

  func followLogs(_ wish: LogWish) {
    tasks.withLock { $0.place.logs = wish }
    switch wish {
    case .attempts(let attempts): logs.follow(.attempts(attempts))
    case .processes(let processes, let backlog):
      logs.follow(.processes(processes, backlog: backlog))
    }
  }

  /// Not faster than the screen takes it: what waits here is in Redis, not in our memory.
  private func passLogs() async {
    await logs.run { output in
      var update = LogUpdate(
        attempt: output.attempt, chunks: output.chunks, isTruncated: output.isTruncated)
      if output.isTruncated { await self.passOlder(before: &update) }
      await self.mailbox.room()
      self.send(.log(update))
    } complain: { error in
      self.send(.notice("the log cannot be read: \(error)"))
    }
  }

  /// What Redis has no longer, from the executor's files, if this host has them.
  private func passOlder(before update: inout LogUpdate) async {
    let place = tasks.withLock { $0.place }
    guard let directory = place.directory, let first = update.chunks.first else { return }
    let (job, kept) = (details.jobID(update.attempt), update.chunks)
    let (logs, older) = await Self.reading {
      let logs = ExecutorLogs(of: job, directory: directory)
      return (logs, OlderOutput(before: kept, in: logs))
    }
    guard let older else {
      let paths = [logs.standardOutput, logs.standardError].compactMap { $0 }
      if !paths.isEmpty { update.remark = "all of it is in \(paths.joined(separator: " and "))" }
      return
    }
    for piece in older.pieces(upTo: first.sequence - 1) {
      guard wants(update.attempt),
        let chunk = await Self.reading({ try? piece.chunk(time: first.time) })
      else { return }
      await mailbox.room()
      send(
        .log(
          LogUpdate(
            attempt: update.attempt, chunks: [chunk], remark: piece.remark, isUntimed: true)))
      update.isTruncated = false
      update.remark = "from here on as it came"
    }
  }

  private func wants(_ attempt: AttemptID) -> Bool {
    guard case .attempts(let attempts) = tasks.withLock({ $0.place.logs }) else { return false }
    return attempts.contains(attempt)
  }

  /// Files may be on a slow disk.
  private static func reading<Value: Sendable>(
    _ body: @escaping @Sendable () -> Value
  ) async -> Value {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: body()) }
    }
  }

  func watchWorkers(_ on: Bool) {
    tasks.withLock { tasks in
      tasks.place.watchesWorkers = on
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
