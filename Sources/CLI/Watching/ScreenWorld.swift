import Dispatch
import Engine
import JobProtocol
import Posix
import Redis
import Runner
import Signing
import Synchronization
import TUI

/// Carries out what the screen asks for, and knows which run it watches just now.
final class ScreenWorld: Sendable {
  private let finder: RunFinder
  private let watcher: String
  private let keyFile: String?
  private let key: SigningKey?
  private let mailbox: Mailbox
  private let watched: Mutex<ScreenFeed>
  /// Changes of the feed: one after the other, and each looks at what the ones before have left.
  private let changes = DispatchQueue(label: "hflow-tui.changes")

  init(
    _ feed: ScreenFeed, finder: RunFinder, watcher: String, keyFile: String?, key: SigningKey?,
    mailbox: Mailbox
  ) {
    self.finder = finder
    self.keyFile = keyFile
    self.key = key
    self.watcher = watcher
    self.mailbox = mailbox
    watched = Mutex(feed)
  }

  /// What is watched now.
  var feed: ScreenFeed { watched.withLock { $0 } }

  func start() { feed.start(whenLost: checkEnd) }

  /// Never blocks: called on the screen's thread.
  func perform(_ effect: WorldEffect) {
    switch effect {
    case .followLogs(let wish): feed.followLogs(wish)
    case .control(let request): ask(request)
    case .finished(let status, let info, let command):
      background { self.finish(status, info, command) }
    case .save(let text, let path):
      background { SavedText.save(text, to: path, telling: self.mailbox) }
    case .watchWorkers(let on): feed.watchWorkers(on)
    case .tailLogs(let attempts): feed.tailLogs(attempts)
    case .inspectFiles(let question):
      background { self.mailbox.send(.files(FileLook.facts(question))) }
    case .replay: break
    case .listRuns: background { self.listRuns() }
    case .switchRun(let run): changes.async { self.change { try self.opened(run) } }
    case .resume: wakeLater(nil)
    }
  }

  /// What may wait for a disk or a network has a thread of its own.
  private func background(_ body: @escaping @Sendable () -> Void) {
    DispatchQueue(label: "hflow-tui.world").async(execute: body)
  }

  private func ask(_ request: ControlRequest) {
    let feed = feed
    if feed.lacksEngine, request.wakesEngine {
      wakeLater(request)
    } else {
      Task { await feed.ask(request) }
    }
  }

  private func finish(_ status: RunStatus, _ info: RunInfo?, _ command: String) {
    do throws(PosixError) {
      let child = try FinishCommand(command)?.start(status, info, isQuiet: true)
      switch child?.wait()?.status {
      case .exited(0), .unknown, nil: break
      case .exited(let code):
        mailbox.send(.notice("on-finish: \(command) ended with exit code \(code)"))
      case .signalled(let number):
        mailbox.send(.notice("on-finish: \(command) was ended by signal \(number)"))
      }
    } catch {
      mailbox.send(.notice("on-finish: \(error)"))
    }
  }

  // MARK: Other runs

  private func listRuns() {
    do throws(Failure) {
      mailbox.send(.runs(RunList(try finder.all()).entries.map(RunEntry.init)))
    } catch {
      mailbox.send(.notice("the runs cannot be listed: \(error.lines.joined(separator: " "))"))
    }
  }

  /// Watches another run, or the same one anew.
  private func change(_ open: () throws -> ScreenFeed, then: ((ScreenFeed) -> Void)? = nil) {
    dispatchPrecondition(condition: .onQueue(changes))
    do {
      let next = try open()
      let previous = watched.withLock { watched in
        defer { watched = next }
        return watched
      }
      let isSame = previous.door.run == next.door.run
      let place = previous.stop()
      // The same run goes on where it was, and so does the screen.
      if !isSame { mailbox.send(.switched(RunState(workflow: next.workflow))) }
      next.start(from: isSame ? place : .init(), whenLost: checkEnd)
      then?(next)
      // The watcher of the same run is still there.
      Task { isSame ? await previous.disconnect() : await previous.leave() }
    } catch let error as Failure {
      mailbox.send(.notice(error.lines.joined(separator: " ")))
    } catch {
      mailbox.send(.notice("the run cannot be watched: \(error)"))
    }
  }

  private func opened(_ run: String) throws -> ScreenFeed {
    let found = try finder.one(run)
    let reviver = try found.revive()
    return try feed(
      of: found.run, at: reviver?.url ?? found.url, found.description.workflowPath, reviver)
  }

  private func feed(
    of run: RunID, at url: RedisURL, _ workflowPath: String, _ reviver: RunReviver? = nil
  ) throws -> ScreenFeed {
    let door = RunWatcher(run: run, url: url, id: watcher, key: key, workflowPath: workflowPath)
    return ScreenFeed(
      door: door,
      details: try Blocking.wait { () throws(RunnerError) in try await door.details() },
      reviver: reviver, mailbox: mailbox)
  }

  // MARK: Runs without an engine

  /// Starts another engine of the run that is watched now, which is closed or whose engine is gone,
  /// and asks it. Of several requests the first starts the engine, and the others find it there.
  private func wakeLater(_ request: ControlRequest?) {
    let run = feed.door.run
    changes.async { self.wake(run, request) }
  }

  private func wake(_ run: RunID, _ request: ControlRequest?) {
    let feed = feed
    guard feed.door.run == run else {
      return mailbox.send(
        .notice("not asked: run \(run.short) was left before its engine was there"))
    }
    guard feed.lacksEngine else {
      if let request { Task { await feed.ask(request) } }
      return
    }
    change {
      var settings = try ResumedRun(finder.one(run.text), finder, keyFile: keyFile).settings
      settings.takesUpStopped = true
      settings.watcher = watcher
      let ready = try settings.launchEngine()
      return try self.feed(
        of: run, at: RedisURL(parsing: ready.redisURL), settings.workflowPath)
    } then: { next in
      self.mailbox.send(.notice("the engine of run \(run.short) is started again"))
      if let request { Task { await next.ask(request) } }
    }
  }

  /// Redis is lost. If that is because the run was closed before we had read its end, it is opened
  /// again for us.
  @Sendable private func checkEnd(_ lost: ScreenFeed) {
    changes.async {
      let run = lost.door.run
      guard self.feed === lost, !lost.isOver,
        let directory = RunDirectory.of(run, workflowDirectory: self.finder.directory),
        RunStatusFile.read(in: directory)?.isFinished == true
      else { return }
      self.change { try self.opened(run.text) }
    }
  }
}

extension FoundRun {
  /// The run's own Redis, started again if it has ended; `nil` for one that was given. Who looks at
  /// a run whose Redis somebody else has started shares it.
  func revive() throws(Failure) -> RunReviver? {
    guard description.isEmbedded, let directory else {
      if isReachable { return nil }
      throw Failure(
        .infrastructure, "run \(run.short) is on Redis at \(url), which does not answer")
    }
    do throws(RunnerError) {
      return try RunReviver.open(directory)
    } catch {
      throw Failure(error)
    }
  }
}

extension ControlRequest {
  /// It means something to a run without an engine; the same as on the command line.
  fileprivate var wakesEngine: Bool {
    switch self {
    case .retry, .retryAllFailed, .edit, .skip, .hold, .release, .holdProcesses,
      .releaseProcesses, .continue:
      true
    case .cancel, .pause, .failFast, .slots, .drain, .stop, .close, .leave: false
    }
  }
}

extension RunEntry {
  init(_ entry: RunList.Entry) {
    let (found, standing) = (entry.found, entry.standing)
    self.init(
      run: found.run.text, shortID: entry.shortID, name: found.description.name,
      workflowPath: found.description.workflowPath, startedAt: standing.startedAt,
      standing: Standing(standing), counts: standing.counts,
      canBeShown: found.isReachable || found.directory != nil)
  }
}

extension RunEntry.Standing {
  init(_ standing: RunStanding) {
    switch standing.phase {
    case .running: self = .running
    case .paused: self = .paused
    case .open: self = .open(standing.status)
    case .closed: self = .closed(standing.status)
    case .interrupted: self = .interrupted
    }
  }
}
