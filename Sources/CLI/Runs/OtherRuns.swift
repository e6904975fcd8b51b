import Engine
import Glibc
import HumanText
import JobProtocol
import Posix
import Runner
import Runs
import ShellText

/// Reports other runs of a workflow before a new one starts: a running one in the same
/// directory, whose jobs write the same files, and an interrupted one.
struct OtherRuns {
  enum Answer {
    case watch(FoundRun)
    case resume(FoundRun)
    case startNew, leave
  }

  private let settings: RunSettings
  private let directory: String
  private let found: [(run: FoundRun, condition: RunCondition)]
  /// Damaged runs that may be running.
  private let damaged: [DamagedRun]

  /// How recently the engine of a run on another host must have written its status for the
  /// run to count as running.
  private static let freshMilliseconds = 60_000

  init(besides settings: RunSettings) throws(Failure) {
    self.settings = settings
    let directory = Files.parent(of: settings.workflowPath)
    self.directory = directory
    var runs = try RunFinder(redis: nil, directory: directory).all()
    // A run on the same given Redis is reachable with the URL given here, which has the
    // password. If that Redis does not answer, the run itself will report it.
    if let url = settings.redisURL,
      let existing = try? RunFinder(redis: url, directory: directory).all()
    {
      let known = existing.filter { entry in runs.contains { $0.run == entry.run } }
      runs = runs.map { run in known.first { $0.run == run.run } ?? run }
    }
    damaged = RunFinder(redis: nil, directory: directory).damaged()
      .filter { $0.hasRunningRedis }
    found = runs.filter { Files.parent(of: $0.description.workflowPath) == directory }
      .map { ($0, RunCondition(of: $0)) }
  }

  /// Asks the user, or prints one line and starts a new run.
  ///
  /// - Parameters:
  ///   - mayAsk: a user can answer.
  ///   - isWanted: the user asked for a new run (`--new`).
  func ask(mayAsk: Bool, isWanted: Bool) -> Answer {
    for run in damaged { Console.printError("note: it may be running: \(run.sentence)") }
    if let (run, condition) = live.first {
      let text = text(ofLive: run, condition, count: live.count)
      guard mayAsk, !isWanted else {
        Console.printError("note: \(text); to watch it: \(watchCommand(run, condition))")
        return .startNew
      }
      Console.printError("\(text). Two runs in one directory overwrite each other's files.")
      return isElsewhere(run, condition)
        ? answer("Start a [n]ew run, or [q]uit? ", ["n": .startNew, "q": .leave], else: .leave)
        : answer(
          "[W]atch it, start a [n]ew run, or [q]uit? ",
          ["w": .watch(run), "n": .startNew, "q": .leave], else: .watch(run))
    }
    guard !isWanted, settings.redisURL == nil, settings.recoverFrom == nil, !settings.isPiped,
      let (run, condition) = interrupted
    else { return .startNew }
    let interruption = "run \(run.run.short) of this workflow was interrupted\(progress(condition))"
    guard mayAsk else {
      Console.printError("note: \(interruption); to resume it: hflow-tui resume \(run.run.short)")
      return .startNew
    }
    Console.printError("\(interruption).")
    return answer(
      "[R]esume it, start a [n]ew run, or [q]uit? ",
      ["r": .resume(run), "y": .resume(run), "n": .startNew, "q": .leave], else: .resume(run))
  }

  /// Asks until the first letter is one of `answers`. An empty line or the end of input means
  /// `other`.
  private func answer(
    _ question: String, _ answers: [Character: Answer], else other: Answer
  ) -> Answer {
    // Other `run` commands must not wait for the answer.
    StartLock.release()
    Console.marksPastes(true)
    defer { Console.marksPastes(false) }
    var isPasting = false
    while true {
      if !isPasting { Console.prompt(question) }
      guard var line = readLine() else { return other }
      if line.contains(Console.pasteBegins) {
        Console.printError("A paste is not accepted as an answer.")
        isPasting = true
        Console.prompt(question)
      }
      if isPasting {
        guard let end = line.firstRange(of: Console.pasteEnds) else { continue }
        isPasting = false
        line = String(line[end.upperBound...])
        if line.isEmpty { continue }
      }
      guard let letter = line.lowercased().first else { return other }
      if let answer = answers[letter] { return answer }
    }
  }

  // MARK: Conditions

  private var live: [(run: FoundRun, condition: RunCondition)] {
    found.filter { run, condition in
      condition.phase == .running || condition.phase == .paused || mayBeRunning(run, condition)
    }
  }

  private var interrupted: (run: FoundRun, condition: RunCondition)? {
    found.first { run, condition in
      run.description.workflowPath == settings.workflowPath && condition.phase == .interrupted
        && !mayBeRunning(run, condition)
    }
  }

  /// Whether a run that looks interrupted may be running: its engine is on another host, or
  /// its Redis needs a password that was not given.
  private func mayBeRunning(_ run: FoundRun, _ condition: RunCondition) -> Bool {
    guard !run.isReachable, condition.phase == .interrupted, let engine = engine(of: run) else {
      return false
    }
    if engine.host != Environment.hostName { return true }
    return !run.description.hasPrivateRedis && (kill(Int32(engine.pid), 0) == 0 || errno == EPERM)
  }

  private func isElsewhere(_ run: FoundRun, _ condition: RunCondition) -> Bool {
    mayBeRunning(run, condition)
  }

  private func engine(of run: FoundRun) -> EngineInfo? {
    run.directory.flatMap { RunStatusFile.read(in: $0) }?.engine
  }

  // MARK: Text

  private func text(ofLive run: FoundRun, _ condition: RunCondition, count: Int) -> String {
    let more = count > 1 ? " (and \(count - 1) more: hflow-tui list)" : ""
    return "run \(run.run.short) (\(run.description.name)) "
      + "\(state(of: run, condition)) in this directory\(progress(condition))\(more)"
  }

  private func state(of run: FoundRun, _ condition: RunCondition) -> String {
    guard mayBeRunning(run, condition) else { return condition.sentence }
    let place = engine(of: run).map { " on host \($0.host)" } ?? ""
    let writtenAt = run.directory.flatMap { RunStatusFile.writtenAt(in: $0) } ?? 0
    let age = Clock.wallMilliseconds - writtenAt
    return age < Self.freshMilliseconds
      ? "is running\(place)"
      : "may be running\(place), last seen \(Formats.age(milliseconds: age)) ago,"
  }

  private func progress(_ condition: RunCondition) -> String {
    condition.counts.map { ", at \($0.done)/\($0.total)" } ?? ""
  }

  private func watchCommand(_ run: FoundRun, _ condition: RunCondition) -> String {
    let command = "hflow-tui watch \(run.run.short)"
    guard run.description.hasPrivateRedis else { return "\(command) --redis \(run.url)" }
    let place = "\(command) -C \(ShellWords.quoted(directory))"
    guard mayBeRunning(run, condition), let host = engine(of: run)?.host else { return place }
    return "\(place) on \(host)"
  }
}
