import Dispatch
import Engine
import JobProtocol
import Posix
import Redis
import Runner
import Runs
import Synchronization
import TUI
import Workflow

/// Sends what happens in one run to the screen, until it is stopped.
final class ScreenFeed: Sendable {
  private struct Tasks {
    var steady: [Task<Void, Never>] = []
    var workers: Task<Void, Never>?
    /// Ends once the last request is sent.
    var sending: Task<Void, Never>?
    var isStopped = false
    /// Whether the run's last event has been received.
    var isOver = false
    var engineIsGone = false
    var place = ResumePoint()
  }

  /// The position of a feed in the journal, and the output that it follows. Another feed of the
  /// same run continues from it.
  struct ResumePoint {
    fileprivate var lastID = "0"
    fileprivate var logs: LogSubscription?
    fileprivate var tails: [AttemptID] = []
    fileprivate var watchesWorkers = false
    /// The directory in which the jobs run.
    fileprivate var directory: String?
    /// The directory that the user named for outputs.
    fileprivate var logDirectory: String?
  }

  let runWatcher: RunWatcher
  let workflow: Workflow
  private let tails: LogTails
  private let logs: LogFeed
  private let details: RunWatcher.Details
  /// The Redis of a finished run, started for this screen.
  private let viewerServer: ViewerServer?
  private let messageQueue: MessageQueue
  private let requests = BoundedQueue<ControlRequest, Never>()
  private let tasks = Mutex(Tasks())

  init(
    runWatcher: RunWatcher, details: RunWatcher.Details, viewerServer: ViewerServer? = nil,
    messageQueue: MessageQueue
  ) {
    self.runWatcher = runWatcher
    workflow = details.workflow
    self.viewerServer = viewerServer
    self.details = details
    logs = LogFeed(details, url: runWatcher.url)
    self.messageQueue = messageQueue
    tails = LogTails(details, url: runWatcher.url) { messageQueue.send(.lastLine($0, $1)) }
  }

  var isOver: Bool { tasks.withLock { $0.isOver } }
  /// Whether the engine died without closing the run.
  var engineIsGone: Bool { tasks.withLock { $0.engineIsGone } }

  var lacksEngine: Bool { tasks.withLock { $0.isOver || $0.engineIsGone } }

  /// - Parameters:
  /// - place: where an earlier feed of this run stopped; the screen already has everything
  ///   before.
  ///   - whenLost: called repeatedly while Redis does not answer.
  func start(
    from place: ResumePoint = ResumePoint(), whenLost: @escaping @Sendable (ScreenFeed) -> Void
  ) {
    tasks.withLock {
      $0.place.lastID = place.lastID
      $0.place.directory = place.directory
      $0.place.logDirectory = place.logDirectory
    }
    let events = runWatcher.events(after: place.lastID)
    let steady = [
      Task { await self.follow(events) },
      Task { await self.report(events, whenLost) },
      Task { await self.runWatcher.keepAlive { self.engineChanged(isAlive: $0) } },
      Task { await self.passLogs() },
    ]
    // `stop` does not cancel this task, so that earlier requests are still sent.
    let sending = Task { await self.passRequests() }
    tasks.withLock {
      $0.steady = steady
      $0.sending = sending
    }
    if let subscription = place.logs { followLogs(subscription) }
    if !place.tails.isEmpty { tailLogs(place.tails) }
    if place.watchesWorkers { watchWorkers(true) }
  }

  private func engineChanged(isAlive: Bool) {
    tasks.withLock { $0.engineIsGone = !isAlive }
    send(.engine(isAlive: isAlive))
  }

  /// Deregisters from the run and stops.
  func unregister() async {
    stop()
    await finishRequests()
    await runWatcher.unregister()
    viewerServer?.close()
  }

  /// Stops without deregistering: another feed of the same run continues.
  func disconnect() async {
    stop()
    await finishRequests()
    await runWatcher.disconnect()
    viewerServer?.close()
  }

  /// Sends the remaining requests, unless Redis is away.
  private func finishRequests() async {
    requests.finish()
    let limit = Task {
      await Ticker.pause(milliseconds: Self.lastRequestsMilliseconds)
      guard !Task.isCancelled else { return }
      requests.cancel()
      await runWatcher.disconnect()
    }
    await tasks.withLock { $0.sending }?.value
    limit.cancel()
  }

  private static let lastRequestsMilliseconds = 2000

  @discardableResult
  func stop() -> ResumePoint {
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
        // Keep following while Redis is there: a retry may reopen the run.
        if isOver { send(.closed) }
      }
    } catch {
      send(.notice("\(error)"))
    }
  }

  /// Under one lock, so that `lastID` always matches what was sent.
  private func pass(_ events: [RunEvent], upTo id: String?) {
    tasks.withLock { tasks in
      guard !tasks.isStopped else { return }
      messageQueue.send(.events(events))
      tasks.place.lastID = id ?? tasks.place.lastID
      for case .runStarted(let info) in events.map(\.change) {
        tasks.place.directory = info.directory
        tasks.place.logDirectory = info.logDirectory
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
      // The Redis of a finished run may stop.
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

  /// Sends nothing after `stop`: the screen may show another run by then.
  private func send(_ message: WorldMessage) {
    tasks.withLock { tasks in
      if !tasks.isStopped { messageQueue.send(message) }
    }
  }

  /// Requests are sent one after the other, in their order. Never blocks.
  func sendRequest(_ request: ControlRequest) { requests.send(request) }

  private func passRequests() async {
    while let request = await requests.next() {
      do {
        try await runWatcher.send(request)
      } catch {
        send(.notice("not sent: \(error)"))
      }
    }
  }

  func tailLogs(_ attempts: [AttemptID]) {
    tasks.withLock { $0.place.tails = attempts }
    tails.follow(Set(attempts))
  }

  func followLogs(_ subscription: LogSubscription) {
    tasks.withLock { $0.place.logs = subscription }
    logs.follow(subscription)
  }

  /// Never blocks.
  func readOutputFiles(of attempt: AttemptID) { Task { await passFiles(of: attempt) } }

  /// Sends the output of an attempt that has ended and has no stream, from files: a foreign
  /// executor writes no stream, and Redis keeps only a limited amount of output.
  private func passFiles(of attempt: AttemptID) async {
    guard let directory = tasks.withLock({ $0.place.directory }) else { return }
    let job = details.jobID(attempt)
    guard let kept = try? await runWatcher.chunks(of: job, newest: 1), kept.isEmpty else { return }
    let now = Clock.steadyMilliseconds
    let chunks = await Self.reading { Self.chunks(ofFilesOf: job, in: directory, now: now) }
    guard !chunks.isEmpty, wants(attempt) else { return }
    await messageQueue.waitForSpace()
    send(.log(LogUpdate(attempt: attempt, chunks: chunks, isUntimed: true)))
  }

  /// The output in an executor's files, with an end.
  static func chunks(ofFilesOf job: JobID, in directory: String, now: Int) -> [LogChunk] {
    let logs = ExecutorLogs(of: job, directory: directory)
    var chunks: [LogChunk] = []
    for stream in [LogChunk.Stream.standardOutput, .standardError] {
      guard let path = logs.path(of: stream), (Files.size(path) ?? 0) <= OlderOutput.limit,
        (try? ExecutorLogs.read(
          path,
          { bytes in
            chunks.append(
              LogChunk(sequence: chunks.count + 1, stream: stream, time: now, bytes: bytes))
          })) != nil
      else { continue }
    }
    guard !chunks.isEmpty else { return [] }
    return chunks + [LogChunk(sequence: chunks.count + 1, stream: .end, time: now, bytes: [])]
  }

  /// Passes output on as fast as the screen accepts it; the rest waits in Redis, not in
  /// memory.
  private func passLogs() async {
    await logs.run { update in
      var update = update
      if update.isTruncated { await self.passOlder(before: &update) }
      await self.messageQueue.waitForSpace()
      self.send(.log(update))
    } onError: { error in
      self.send(.notice("cannot read the log: \(error)"))
    }
  }

  /// Sends output that Redis no longer has, from the executor's files, if this host has them.
  private func passOlder(before update: inout LogUpdate) async {
    let place = tasks.withLock { $0.place }
    guard let directory = place.directory, let first = update.chunks.first else { return }
    let (job, kept) = (details.jobID(update.attempt), update.chunks)
    let (logs, older) = await Self.reading {
      let logs = ExecutorLogs(of: job, directory: directory, chosen: place.logDirectory)
      return (logs, OlderOutput(before: kept, in: logs))
    }
    guard let older else {
      let paths = [logs.standardOutput, logs.standardError].compactMap { $0 }
      if !paths.isEmpty { update.remark = "complete output:  \(paths.joined(separator: " and "))" }
      return
    }
    for segment in older.segments(upTo: first.sequence - 1) {
      guard wants(update.attempt),
        let chunk = await Self.reading({ try? segment.chunk(time: first.time) })
      else { return }
      await messageQueue.waitForSpace()
      send(
        .log(
          LogUpdate(
            attempt: update.attempt, chunks: [chunk], remark: segment.remark, isUntimed: true)))
      update.isTruncated = false
      update.remark = "output from Redis"
    }
  }

  private func wants(_ attempt: AttemptID) -> Bool {
    guard case .attempts(let attempts) = tasks.withLock({ $0.place.logs }) else { return false }
    return attempts.contains(attempt)
  }

  /// Runs on another thread, because the disk may be slow.
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
        tasks.workers = Task { await self.runWatcher.watchWorkers { self.send(.workers($0)) } }
      }
    }
  }
}

extension RunEvent {
  /// Whether no event follows this one.
  fileprivate var isLast: Bool {
    if case .runFinished = change { true } else { false }
  }
}
