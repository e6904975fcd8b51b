import Engine
import JobProtocol
import Posix
import Runner
import Signing
import Synchronization
import TUI

/// Carries out what the screen asks for, and knows which run it watches just now.
final class ScreenWorld: Sendable {
  private let finder: RunFinder
  private let watcher: String
  private let key: SigningKey?
  private let mailbox: Mailbox
  private let current: Mutex<ScreenFeed>

  init(_ feed: ScreenFeed, finder: RunFinder, watcher: String, key: SigningKey?, mailbox: Mailbox) {
    self.finder = finder
    self.key = key
    self.watcher = watcher
    self.mailbox = mailbox
    current = Mutex(feed)
  }

  /// What is watched now.
  var feed: ScreenFeed { current.withLock { $0 } }

  /// Never blocks: called on the screen's thread.
  func perform(_ effect: WorldEffect) {
    switch effect {
    case .followLogs(let wish): feed.followLogs(wish)
    case .control(let request):
      let feed = feed
      Task { await feed.ask(request) }
    case .finished(let status, let info, let command):
      Task { self.finish(status, info, command) }
    case .save(let text, let path): Task { self.save(text, to: path) }
    case .watchWorkers(let on): feed.watchWorkers(on)
    case .tailLogs(let attempts): feed.tails.follow(Set(attempts))
    case .inspectFiles(let question):
      Task { self.mailbox.send(.files(FileLook.facts(question))) }
    case .listRuns: Task { self.listRuns() }
    case .switchRun(let run): Task { await self.watch(run) }
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

  /// The folders above are made; what is there already is left alone.
  private func save(_ text: String, to path: String) {
    guard !Files.exists(path) else {
      return mailbox.send(.notice("not saved: \(path) exists already; give another name"))
    }
    do throws(PosixError) {
      try Files.makeDirectory(Files.parent(of: path))
      try Files.write(Array(text.utf8), to: path)
      mailbox.send(.notice("saved \(Files.realPath(path) ?? path)"))
    } catch {
      mailbox.send(.notice("not saved: \(error)"))
    }
  }

  // MARK: Other runs

  private func listRuns() {
    do throws(Failure) {
      mailbox.send(.runs(try finder.all().map(RunEntry.init)))
    } catch {
      mailbox.send(.notice("the runs cannot be listed: \(error.lines.joined(separator: " "))"))
    }
  }

  private func watch(_ run: String) async {
    do {
      let found = try finder.one(run)
      guard found.isReachable else {
        return mailbox.send(.notice("run \(found.run.short) is closed: its Redis has ended"))
      }
      let door = RunWatcher(run: found.run, url: found.url, id: watcher, key: key)
      let details = try await door.details()
      let next = ScreenFeed(door: door, details: details, mailbox: mailbox)
      let previous = current.withLock { feed in
        defer { feed = next }
        return feed
      }
      previous.stop()
      mailbox.send(.switched(RunState(workflow: details.workflow)))
      next.start()
      await previous.door.leave()
    } catch let error as Failure {
      mailbox.send(.notice(error.lines.joined(separator: " ")))
    } catch {
      mailbox.send(.notice("run \(run) cannot be watched: \(error)"))
    }
  }
}

extension RunEntry {
  init(_ found: FoundRun) {
    self.init(
      run: found.run.text, name: found.description.name,
      workflowPath: found.description.workflowPath, startedAt: found.description.startedAt,
      isReachable: found.isReachable)
  }
}
