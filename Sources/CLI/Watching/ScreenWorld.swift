import Dispatch
import Engine
import JobProtocol
import Posix
import Redis
import Runner
import Runs
import Signing
import Synchronization
import TUI

/// Carries out the effects of the screen on the run that it currently watches.
final class ScreenWorld: Sendable {
  private let finder: RunFinder
  private let watcher: String
  private let keyFile: String?
  private let key: SigningKey?
  private let messageQueue: MessageQueue
  private let watched: Mutex<ScreenFeed>
  /// The positions in the journals of runs that the screen has left.
  private let places = Mutex<[RunID: ScreenFeed.ResumePoint]>([:])
  /// Serialises changes of the feed: each sees the result of the ones before.
  private let changes = DispatchQueue(label: "hflow-tui.changes")
  /// How many requests wait for a change.
  private let waitingRequests = Mutex(0)

  init(
    _ feed: ScreenFeed, finder: RunFinder, watcher: String, keyFile: String?, key: SigningKey?,
    messageQueue: MessageQueue
  ) {
    self.finder = finder
    self.keyFile = keyFile
    self.key = key
    self.watcher = watcher
    self.messageQueue = messageQueue
    watched = Mutex(feed)
  }

  /// The feed of the run that is currently watched.
  var feed: ScreenFeed { watched.withLock { $0 } }

  func start() { feed.start(whenLost: checkEnd) }

  /// Never blocks, because the screen's thread calls it.
  func perform(_ effect: WorldEffect) {
    switch effect {
    case .followLogs(let subscription): feed.followLogs(subscription)
    case .readOutputFiles(let attempt): feed.readOutputFiles(of: attempt)
    case .control(let request): sendRequest(request)
    case .finished(let status, let info, let command):
      background { self.finish(status, info, command) }
    case .save(let text, let path):
      background { SavedText.save(text, to: path, reportingTo: self.messageQueue) }
    case .watchWorkers(let on): feed.watchWorkers(on)
    case .tailLogs(let attempts): feed.tailLogs(attempts)
    case .inspectFiles(let question):
      background { self.messageQueue.send(.files(FileInspector.facts(question))) }
    case .keep(let lines):
      background {
        do throws(PosixError) {
          try ConfigurationFile.save(lines)
        } catch {
          self.messageQueue.send(.notice("the setting is not kept: \(error)"))
        }
      }
    case .replay: break
    case .listRuns: background { self.listRuns() }
    case .switchRun(let run): changes.async { self.change { try self.opened(run) } }
    case .returnToRun(let run):
      changes.async { self.change(isKept: true) { try self.opened(run) } }
    case .resume: resume()
    }
  }

  /// Runs work that may wait for a disk or a network on a thread of its own.
  private func background(_ body: @escaping @Sendable () -> Void) {
    DispatchQueue(label: "hflow-tui.world").async(execute: body)
  }

  /// Requests are sent in their order: behind one that restarts the engine, the others wait.
  private func sendRequest(_ request: ControlRequest) {
    let feed = feed
    let waits = waitingRequests.withLock { count in
      guard count > 0 || feed.lacksEngine && request.startsEngine else { return false }
      count += 1
      return true
    }
    guard waits else { return feed.sendRequest(request) }
    let run = feed.runWatcher.run
    changes.async {
      if request.startsEngine {
        self.restartEngine(run, request)
      } else {
        self.pass(request, to: run)
      }
      self.waitingRequests.withLock { $0 -= 1 }
    }
  }

  private func pass(_ request: ControlRequest, to run: RunID) {
    let feed = feed
    guard feed.runWatcher.run == run else {
      return messageQueue.send(.notice("not sent: you left run \(run.short)"))
    }
    feed.sendRequest(request)
  }

  private func finish(_ status: RunStatus, _ info: RunInfo?, _ command: String) {
    do throws(PosixError) {
      let child = try FinishCommand(command)?.start(status, info, isQuiet: true)
      switch child?.wait()?.status {
      case .exited(0), .unknown, nil: break
      case .exited(let code):
        messageQueue.send(.notice("on-finish: \(command) failed with exit code \(code)"))
      case .signalled(let number):
        messageQueue.send(.notice("on-finish: \(command) was killed by signal \(number)"))
      }
    } catch {
      messageQueue.send(.notice("on-finish: \(error)"))
    }
  }

  // MARK: Other runs

  private func listRuns() {
    do throws(Failure) {
      messageQueue.send(.runs(RunList(try finder.all()).entries.map(RunEntry.init)))
    } catch {
      messageQueue.send(.notice("cannot list runs: \(error.lines.joined(separator: " "))"))
    }
  }

  /// Switches to another run, or reconnects to the same one. `isKept`: the screen still has what
  /// it had read of that run.
  private func change(
    isKept: Bool = false, _ open: () throws -> ScreenFeed, then: ((ScreenFeed) -> Void)? = nil
  ) {
    dispatchPrecondition(condition: .onQueue(changes))
    do {
      let next = try open()
      let previous = watched.withLock { watched in
        defer { watched = next }
        return watched
      }
      let isSame = previous.runWatcher.run == next.runWatcher.run
      let place = previous.stop()
      // The same run continues where it was, and so does the screen.
      let run = next.runWatcher.run
      let former = places.withLock { places -> ScreenFeed.ResumePoint? in
        places[previous.runWatcher.run] = place
        return isSame ? place : isKept ? places[run] : nil
      }
      if !isSame {
        messageQueue.send(
          former == nil ? .switched(RunState(workflow: next.workflow)) : .returned(run: run.text))
      }
      next.start(from: former ?? .init(), whenLost: checkEnd)
      then?(next)
      // For the same run, the watcher stays registered.
      Task { isSame ? await previous.disconnect() : await previous.unregister() }
    } catch let error as Failure {
      messageQueue.send(.notice(error.lines.joined(separator: " ")))
    } catch {
      messageQueue.send(.notice("cannot watch the run: \(error)"))
    }
  }

  private func opened(_ run: String) throws -> ScreenFeed {
    let found = try finder.one(run)
    let viewerServer = try found.openForViewing()
    return try feed(
      of: found.run, at: viewerServer?.url ?? found.url, found.description.workflowPath,
      viewerServer)
  }

  private func feed(
    of run: RunID, at url: RedisURL, _ workflowPath: String, _ viewerServer: ViewerServer? = nil
  ) throws -> ScreenFeed {
    let runWatcher = RunWatcher(
      run: run, url: url, id: watcher, key: key, workflowPath: workflowPath)
    return ScreenFeed(
      runWatcher: runWatcher,
      details: try Blocking.wait { () throws(RunnerError) in try await runWatcher.details() },
      viewerServer: viewerServer, messageQueue: messageQueue)
  }

  // MARK: Runs without an engine

  private func resume() {
    let run = feed.runWatcher.run
    changes.async { self.restartEngine(run, nil) }
  }

  /// Restarts the engine of the watched run and sends it the request. Of several requests,
  /// the first restarts the engine and the others find it running.
  private func restartEngine(_ run: RunID, _ request: ControlRequest?) {
    let feed = feed
    guard feed.runWatcher.run == run else {
      return messageQueue.send(
        .notice("not sent: you left run \(run.short) before its engine was restarted"))
    }
    guard feed.lacksEngine else {
      if let request { feed.sendRequest(request) }
      return
    }
    change {
      var settings = try ResumedRun(finder.one(run.text), finder, keyFile: keyFile).settings
      settings.resumesStopped = true
      settings.watcher = watcher
      let ready = try settings.launchEngine()
      return try self.feed(
        of: run, at: RedisURL(parsing: ready.redisURL), settings.workflowPath)
    } then: { next in
      self.messageQueue.send(.notice("restarted the engine of run \(run.short)"))
      if let request { next.sendRequest(request) }
    }
  }

  /// Called when Redis is lost. If the run was closed before this screen had read its end, opens
  /// the run again for reading.
  @Sendable private func checkEnd(_ lost: ScreenFeed) {
    changes.async {
      let run = lost.runWatcher.run
      guard self.feed === lost, !lost.isOver,
        let directory = RunDirectory.find(
          run,
          workflowDirectory: lost.runWatcher.workflowPath.map(Files.parent)
            ?? self.finder.directory),
        RunStatusFile.read(in: directory)?.isFinished == true
      else { return }
      self.change { try self.opened(run.text) }
    }
  }
}

extension FoundRun {
  /// The run's own Redis, restarted if it has stopped; `nil` for a given Redis. Several
  /// viewers share one server.
  func openForViewing() throws(Failure) -> ViewerServer? {
    guard description.hasPrivateRedis, let directory else {
      if isReachable { return nil }
      throw Failure(
        .infrastructure, "run \(run.short) is on Redis at \(url), which does not answer")
    }
    do throws(RunnerError) {
      return try ViewerServer.open(directory)
    } catch {
      throw Failure(error)
    }
  }
}

extension ControlRequest {
  /// Whether the request makes sense for a run without an engine; the same as on the command
  /// line.
  fileprivate var startsEngine: Bool {
    switch self {
    case .retry, .retryAllFailed, .edit, .skip, .hold, .release, .holdProcesses,
      .releaseProcesses, .continue:
      true
    case .cancel, .pause, .failFast, .slots, .drain, .workers, .stop, .close, .leave: false
    }
  }
}

extension RunEntry {
  init(_ entry: RunList.Entry) {
    let (found, condition) = (entry.found, entry.condition)
    self.init(
      run: found.run.text, shortID: entry.shortID, name: found.description.name,
      workflowPath: found.description.workflowPath, startedAt: condition.startedAt,
      condition: Condition(condition), counts: condition.counts, host: entry.host,
      canBeShown: found.isReachable || found.directory != nil)
  }
}

extension RunEntry.Condition {
  init(_ condition: RunCondition) {
    switch condition.phase {
    case .running: self = .running
    case .paused: self = .paused
    case .open: self = .open(condition.status)
    case .closed: self = .closed(condition.status)
    case .interrupted: self = .interrupted
    }
  }
}
