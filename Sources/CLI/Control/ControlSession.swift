import ArgumentParser
import Engine
import JobProtocol
import Posix
import Redis
import Runner
import Runs
import Workflow

/// Arguments of a command that changes a run.
struct ControlledRun: ParsableArguments {
  @OptionGroup var run: RunChoice
  @OptionGroup var signing: SigningOptions
}

/// Sends requests to a run's engine and waits until the journal confirms them. Starts the
/// engine of a finished or interrupted run if the command needs it.
struct ControlSession {
  private let opened: OpenedRun
  private let finder: RunFinder
  private let condition: RunCondition
  private let keyFile: String?

  /// How long an engine may take to answer.
  private static let answerTimeout = 10_000
  /// How many tasks are printed, one line each.
  private static let lineLimit = 20

  static func begin(_ choice: ControlledRun) throws -> ControlSession {
    let finder = try choice.run.place.finder()
    let found = try finder.one(choice.run.id)
    let keyFile = try choice.signing.checkedFile()
    return ControlSession(
      opened: try OpenedRun(found), finder: finder, condition: RunCondition(of: found),
      keyFile: keyFile)
  }

  var run: RunID { opened.run }
  private var isLive: Bool { condition.isLive }

  /// Sends the requests that `decide` derives from the run's state.
  ///
  /// - Parameters:
  ///   - startsEngine: start an engine if the run has none.
  ///   - runsAgain: the command runs tasks again, so print a note if the workflow file has changed.
  func perform(
    startsEngine: Bool, runsAgain: Bool = false, _ decide: (RunState) throws -> ControlPlan
  ) throws {
    defer { opened.close() }
    let (state, lastID) = try opened.state()
    if !startsEngine { try checkEngine() }
    let plan = try decide(state)
    for note in plan.notes { Console.printError(note) }
    guard !plan.requests.isEmpty else {
      if plan.notes.isEmpty { return }
      throw Failure(.usage, [])
    }
    if runsAgain { try printWorkflowChange() }
    let url = try isLive ? opened.runWatcher.url : restartEngine()
    try sendRequests(plan, at: url, after: lastID)
  }

  /// Sends a request that depends on no task, without reading the journal, which takes seconds for
  /// a large run.
  func performAtOnce(_ decide: (RunCondition) -> ControlPlan) throws {
    defer { opened.close() }
    try checkEngine()
    let lastID = try opened.wait { [runWatcher = opened.runWatcher] () throws(RunnerError) in
      try await runWatcher.lastEntryID()
    }
    let plan = decide(condition)
    for note in plan.notes { Console.printError(note) }
    guard !plan.requests.isEmpty else { throw Failure(.usage, []) }
    try sendRequests(plan, at: opened.runWatcher.url, after: lastID)
  }

  private func checkEngine() throws(Failure) {
    if isLive { return }
    let short = opened.run.short
    let advice = condition.phase == .interrupted ? "; to resume it: hflow-tui resume \(short)" : ""
    throw Failure(.usage, "run \(short) \(condition.sentence) and has no engine\(advice)")
  }

  private func printWorkflowChange() throws(Failure) {
    let copy = try opened.wait { [runWatcher = opened.runWatcher] () throws(RunnerError) in
      try await runWatcher.workflowText()
    }
    guard let copy, WorkflowChange.exists(for: opened.found, copy: copy) else { return }
    Console.printError(WorkflowChange.note(opened.run, opened.found.description.workflowPath))
  }

  private func restartEngine() throws(Failure) -> RedisURL {
    Console.print("run \(opened.run.short) \(condition.sentence); restarting its engine")
    return try EngineRestart(run: opened.run, finder: finder, keyFile: keyFile)
      .restartEngine(for: opened.watcher)
  }

  private func sendRequests(_ plan: ControlPlan, at url: RedisURL, after id: String) throws {
    let runWatcher = RunWatcher(
      run: opened.run, url: url, id: opened.watcher,
      key: try SigningOptions.key(in: keyFile, of: opened.found.directory))
    let tail: JournalTail
    do throws(RunnerError) {
      tail = try JournalTail(of: opened.run, at: url, after: id)
    } catch {
      throw Failure(error)
    }
    for request in plan.requests {
      try opened.wait { () throws(RunnerError) in
        do throws(RedisError) {
          try await runWatcher.send(request)
        } catch {
          throw RunnerError(.infrastructure, "\(error)")
        }
      }
    }
    defer { try? opened.wait { () throws(RunnerError) in await runWatcher.unregister() } }
    try wait(for: plan.confirmation, in: tail)
  }

  /// Throws if the engine rejected the request because of its signature.
  private func checkRefusal(in events: [RunEvent]) throws(Failure) {
    for event in events {
      guard case .notice(let text) = event.change, text.hasPrefix("refused a request") else {
        continue
      }
      throw Failure(
        .usage,
        "the engine \(text.displayName); give the run's key with --signing-key-file or "
          + "HFLOW_SIGNING_KEY")
    }
  }

  private func wait(for confirmation: Confirmation, in tail: JournalTail) throws {
    var confirmation = confirmation
    var printed = 0
    let deadline = Clock.monotonicMilliseconds + Self.answerTimeout
    while !confirmation.isAnswered {
      let left = deadline - Clock.monotonicMilliseconds
      guard left > 0 else { break }
      let events: [RunEvent]
      do throws(RunnerError) {
        events = try tail.next(withinMilliseconds: left)
      } catch {
        throw Failure(error)
      }
      try checkRefusal(in: events)
      for line in events.compactMap({ confirmation.confirm($0) }) {
        printed += 1
        if printed <= Self.lineLimit { Console.print(line) }
      }
    }
    if printed > Self.lineLimit { Console.print("… and \(printed - Self.lineLimit) more") }
    guard confirmation.isAnswered else {
      let pendingText = printed > 0 ? " for \(confirmation.pending.count) of them" : ""
      throw Failure(
        .infrastructure,
        "the engine of run \(opened.run.short) did not answer within "
          + "\(Self.answerTimeout / 1000) s\(pendingText); check it with `hflow-tui list`")
    }
  }
}
