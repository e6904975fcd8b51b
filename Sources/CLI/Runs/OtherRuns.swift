import Engine
import Glibc
import HumanText
import JobProtocol
import Posix
import Runner
import ShellText

/// Tells of other runs of a workflow before a new one starts: one that goes on in the same
/// directory, for jobs of both write the same files, and one that has lost its engine.
struct OtherRuns {
  enum Answer {
    case watch(FoundRun)
    case resume(FoundRun)
    case startNew, leave
  }

  private let settings: RunSettings
  private let directory: String
  private let found: [(run: FoundRun, standing: RunStanding)]

  /// So long after its engine last wrote how it stood, a run on another host is called running.
  private static let freshMilliseconds = 60_000

  init(besides settings: RunSettings) throws(Failure) {
    self.settings = settings
    let directory = Files.parent(of: settings.workflowPath)
    self.directory = directory
    var runs = try RunFinder(redis: nil, directory: directory).all()
    // A run that was given the same Redis answers there: its password is not written down. A Redis
    // that does not answer is told of when the run needs it.
    if let url = settings.redisURL,
      let there = try? RunFinder(redis: url, directory: directory).all()
    {
      let known = there.filter { entry in runs.contains { $0.run == entry.run } }
      runs = runs.map { run in known.first { $0.run == run.run } ?? run }
    }
    found = runs.filter { Files.parent(of: $0.description.workflowPath) == directory }
      .map { ($0, RunStanding(of: $0)) }
  }

  /// Asks where there is somebody to answer; else says in one line what could be done, and a new
  /// run starts.
  ///
  /// - Parameters:
  ///   - mayAsk: a person can answer.
  ///   - isWanted: a new run was asked for, whatever there is.
  func ask(mayAsk: Bool, isWanted: Bool) -> Answer {
    if let (run, standing) = live.first {
      let text = text(ofLive: run, standing, count: live.count)
      guard mayAsk, !isWanted else {
        Terminal.complain("note: \(text); watch it: \(watchCommand(run, standing))")
        return .startNew
      }
      Terminal.complain("\(text). Jobs of two runs here overwrite each other's files.")
      return isElsewhere(run, standing)
        ? answer("Start a [n]ew run, or [q]uit? ", ["n": .startNew, "q": .leave], else: .leave)
        : answer(
          "[W]atch it, start a [n]ew run, or [q]uit? ",
          ["w": .watch(run), "n": .startNew, "q": .leave], else: .watch(run))
    }
    guard !isWanted, settings.redisURL == nil, settings.recoverFrom == nil, !settings.isPiped,
      let (run, standing) = interrupted
    else { return .startNew }
    let what = "run \(run.run.short) of this workflow was interrupted\(progress(standing))"
    guard mayAsk else {
      Terminal.complain("note: \(what); resume it with: hflow-tui resume \(run.run.short)")
      return .startNew
    }
    Terminal.complain("\(what).")
    return answer(
      "Go on with it? [Y]es, [n]ew run, [q]uit: ",
      ["y": .resume(run), "n": .startNew, "q": .leave], else: .resume(run))
  }

  /// Asks until the first letter is one of those; nothing, and the end of the input, mean `other`.
  private func answer(
    _ question: String, _ answers: [Character: Answer], else other: Answer
  ) -> Answer {
    Terminal.marksPastes(true)
    defer { Terminal.marksPastes(false) }
    var isPasting = false
    while true {
      if !isPasting { Terminal.ask(question) }
      guard var line = readLine() else { return other }
      if line.contains(Terminal.pasteBegins) {
        Terminal.complain("a paste is no answer.")
        isPasting = true
        Terminal.ask(question)
      }
      if isPasting {
        guard let end = line.firstRange(of: Terminal.pasteEnds) else { continue }
        isPasting = false
        line = String(line[end.upperBound...])
        if line.isEmpty { continue }
      }
      guard let letter = line.lowercased().first else { return other }
      if let answer = answers[letter] { return answer }
    }
  }

  // MARK: How they stand

  private var live: [(run: FoundRun, standing: RunStanding)] {
    found.filter { run, standing in
      standing.phase == .running || standing.phase == .paused || mayLive(run, standing)
    }
  }

  private var interrupted: (run: FoundRun, standing: RunStanding)? {
    found.first { run, standing in
      run.description.workflowPath == settings.workflowPath && standing.phase == .interrupted
        && !mayLive(run, standing)
    }
  }

  /// A run whose Redis cannot be asked from here is only known by what its engine has written: it
  /// may go on, on another host, or with a Redis whose password nobody gave us.
  private func mayLive(_ run: FoundRun, _ standing: RunStanding) -> Bool {
    guard !run.isReachable, standing.phase == .interrupted, let engine = engine(of: run) else {
      return false
    }
    if engine.host != Environment.hostName { return true }
    return !run.description.isEmbedded && (kill(Int32(engine.pid), 0) == 0 || errno == EPERM)
  }

  private func isElsewhere(_ run: FoundRun, _ standing: RunStanding) -> Bool {
    mayLive(run, standing)
  }

  private func engine(of run: FoundRun) -> EngineInfo? {
    run.directory.flatMap { RunStatusFile.read(in: $0) }?.engine
  }

  // MARK: In words

  private func text(ofLive run: FoundRun, _ standing: RunStanding, count: Int) -> String {
    let more = count > 1 ? " (and \(count - 1) more: hflow-tui list)" : ""
    return "run \(run.run.short) (\(run.description.name)) "
      + "\(state(of: run, standing)) in this directory\(progress(standing))\(more)"
  }

  private func state(of run: FoundRun, _ standing: RunStanding) -> String {
    guard mayLive(run, standing) else { return standing.sentence }
    let place = engine(of: run).map { " on host \($0.host)" } ?? ""
    let writtenAt = run.directory.flatMap { RunStatusFile.writtenAt(in: $0) } ?? 0
    let age = Clock.wallMilliseconds - writtenAt
    return age < Self.freshMilliseconds
      ? "is running\(place)"
      : "may still be running\(place), whose last sign was \(Formats.age(milliseconds: age)) ago,"
  }

  private func progress(_ standing: RunStanding) -> String {
    standing.counts.map { ", at \($0.done)/\($0.total)" } ?? ""
  }

  private func watchCommand(_ run: FoundRun, _ standing: RunStanding) -> String {
    let command = "hflow-tui watch \(run.run.short)"
    guard run.description.isEmbedded else { return "\(command) --redis \(run.url)" }
    let place = "\(command) -C \(ShellWords.quoted(directory))"
    guard mayLive(run, standing), let host = engine(of: run)?.host else { return place }
    return "\(place) on \(host)"
  }
}
