import ArgumentParser
import Engine
import JobProtocol
import Posix
import Redis
import Runner
import Workflow

/// The run that a command changes.
struct ControlledRun: ParsableArguments {
  @OptionGroup var run: RunChoice
  @OptionGroup var signing: SigningOptions
}

/// Asks something of a run's engine and waits until the journal has it: then it is done, for
/// everybody who watches. The engine of a closed or interrupted run is started for it.
struct ControlSession {
  private let opened: OpenedRun
  private let finder: RunFinder
  private let standing: RunStanding
  private let keyFile: String?

  /// How long an engine may take to answer.
  private static let patience = 10_000
  /// So many tasks get a line each.
  private static let lineLimit = 20

  static func begin(_ choice: ControlledRun) throws -> ControlSession {
    let finder = try choice.run.place.finder()
    let found = try finder.one(choice.run.id)
    let keyFile = try choice.signing.checkedFile()
    return ControlSession(
      opened: try OpenedRun(found), finder: finder, standing: RunStanding(of: found),
      keyFile: keyFile)
  }

  private var isLive: Bool { standing.isLive }

  /// Does what `decide` makes of the run as it stands.
  ///
  /// - Parameters:
  ///   - wakes: the request means something to a run without an engine.
  ///   - runsAgain: somebody who has changed the workflow's file may expect that it counts.
  func perform(
    wakes: Bool, runsAgain: Bool = false, _ decide: (RunState) throws -> ControlDeed
  ) throws {
    defer { opened.close() }
    let (state, lastID) = try opened.state()
    if !isLive, !wakes {
      let short = opened.run.short
      let advice =
        standing.phase == .interrupted ? "; resume it with: hflow-tui resume \(short)" : ""
      throw Failure(
        .usage, "run \(short) \(standing.sentence): nothing runs that could be changed\(advice)")
    }
    let deed = try decide(state)
    for note in deed.notes { Terminal.complain(note) }
    guard !deed.requests.isEmpty else {
      if deed.notes.isEmpty { return }
      throw Failure(.usage, [])
    }
    if runsAgain { try noteChange() }
    let url = try isLive ? opened.door.url : wake()
    try ask(deed, at: url, after: lastID)
  }

  private func noteChange() throws(Failure) {
    let copy = try opened.wait { [door = opened.door] () throws(RunnerError) in
      try await door.workflowText()
    }
    guard let copy, WorkflowChange.isThere(opened.found, copy: copy) else { return }
    Terminal.complain(WorkflowChange.note(opened.run, opened.found.description.workflowPath))
  }

  private func wake() throws(Failure) -> RedisURL {
    Terminal.say("run \(opened.run.short) \(standing.sentence); its engine is started again")
    return try EngineWaker(run: opened.run, finder: finder, keyFile: keyFile)
      .wake(for: opened.watcher)
  }

  private func ask(_ deed: ControlDeed, at url: RedisURL, after id: String) throws {
    let door = RunWatcher(
      run: opened.run, url: url, id: opened.watcher, key: try SigningOptions.key(in: keyFile))
    let tail: JournalTail
    do throws(RunnerError) {
      tail = try JournalTail(of: opened.run, at: url, after: id)
    } catch {
      throw Failure(error)
    }
    for request in deed.requests {
      try opened.wait { () throws(RunnerError) in
        do throws(RedisError) {
          try await door.ask(request)
        } catch {
          throw RunnerError(.infrastructure, "\(error)")
        }
      }
    }
    defer { try? opened.wait { () throws(RunnerError) in await door.leave() } }
    try wait(for: deed.awaited, in: tail)
  }

  /// An engine that signs says when it does not believe a request.
  private func checkRefusal(in events: [RunEvent]) throws(Failure) {
    for event in events {
      guard case .notice(let text) = event.change, text.hasPrefix("refused a request") else {
        continue
      }
      throw Failure(
        .usage,
        "the engine \(text.displayName); give its key with --signing-key-file or "
          + "HFLOW_SIGNING_KEY")
    }
  }

  private func wait(for awaited: Awaited, in tail: JournalTail) throws {
    var awaited = awaited
    var told = 0
    let deadline = Clock.monotonicMilliseconds + Self.patience
    while !awaited.isAnswered {
      let left = deadline - Clock.monotonicMilliseconds
      guard left > 0 else { break }
      let events: [RunEvent]
      do throws(RunnerError) {
        events = try tail.next(withinMilliseconds: left)
      } catch {
        throw Failure(error)
      }
      try checkRefusal(in: events)
      for line in events.compactMap({ awaited.take($0) }) {
        told += 1
        if told <= Self.lineLimit { Terminal.say(line) }
      }
    }
    if told > Self.lineLimit { Terminal.say("… and \(told - Self.lineLimit) more") }
    guard awaited.isAnswered else {
      let whom = told > 0 ? " for \(awaited.pending.count) of them" : ""
      throw Failure(
        .infrastructure,
        "the engine of run \(opened.run.short) did not answer within "
          + "\(Self.patience / 1000) s\(whom); `hflow-tui list` tells whether it lives")
    }
  }
}
