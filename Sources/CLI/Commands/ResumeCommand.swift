import ArgumentParser
import Engine
import JobProtocol
import Posix
import Redis
import Runner
import TUI
import Workflow

/// `hflow-tui resume [run]`
struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Go on with a run whose engine has ended.",
    discussion: """
      What has finished never runs again, what still runs is adopted, and what no executor had is \
      given out again. A run that lives is left alone, and one that was stopped goes on only if it \
      is named.
      """)

  @Argument(
    help: ArgumentHelp(
      "The run's id or its beginning, or `last` (default: the newest that was interrupted).",
      valueName: "run"))
  var id: String?

  @Flag(help: "Plain progress lines; also when standard output is no terminal.")
  var headless = false

  @Flag(help: "One JSON event a line.")
  var json = false

  @Flag(help: "Start the engine and leave it; `hflow-tui watch` attaches.")
  var detach = false

  @OptionGroup var place: PlaceOptions
  @OptionGroup var signing: SigningOptions
  @OptionGroup var display: DisplayOptions

  func run() throws {
    let finder = try place.finder()
    let found = try chosen(finder)
    var resumed = try ResumedRun(found, finder, keyFile: try signing.checkedFile())
    resumed.settings.takesUpStopped = true
    try resumed.begin(
      headless: headless || json || (!detach && !Terminal.outputIsTerminal), json: json,
      detach: detach, display: display)
  }

  private func chosen(_ finder: RunFinder) throws -> FoundRun {
    guard let id else { return try interrupted(finder) }
    let found = try finder.one(id)
    let standing = RunStanding(of: found)
    guard standing.phase == .closed, !standing.isStopped else { return found }
    try found.endLeftRedis()
    let advice =
      standing.status == .succeeded
      ? "hflow-tui watch \(found.run.short) shows it"
      : "hflow-tui retry \(found.run.short) --failed runs what failed again"
    throw Failure(
      .usage, "run \(found.run.short) \(standing.sentence), there is nothing to resume; \(advice)")
  }

  /// So many others are named.
  private static let shown = 3

  /// The newest that lost its engine. One that a person has stopped goes on only if it is named.
  private func interrupted(_ finder: RunFinder) throws(Failure) -> FoundRun {
    let list = RunList(try finder.all())
    if let entry = list.entries.first(where: { $0.standing.phase == .interrupted }) {
      return entry.found
    }
    guard !list.entries.isEmpty else { throw finder.nothing }
    let others = list.entries.prefix(Self.shown).map { "\($0.shortID) \($0.standing.sentence)" }
    let more = list.entries.count > Self.shown ? ", …" : ""
    let stopped = list.entries.first { $0.standing.isStopped }
    let advice =
      stopped.map { "hflow-tui resume \($0.shortID) goes on with what was stopped" }
      ?? "hflow-tui list shows all"
    throw Failure(
      .usage,
      "no run \(finder.place) was interrupted: \(others.joined(separator: ", "))\(more); \(advice)")
  }
}

/// A run that is to go on with another engine.
struct ResumedRun {
  var settings: RunSettings
  private let finder: RunFinder

  init(_ found: FoundRun, _ finder: RunFinder, keyFile: String?) throws {
    var settings = RunSettings(run: found.run, workflowPath: found.description.workflowPath)
    settings.resumes = true
    settings.redisURL = found.description.isEmbedded ? nil : (finder.redis ?? found.url.text)
    let place = Files.parent(of: found.description.workflowPath)
    guard Files.isDirectory(place) else {
      throw Failure(
        .infrastructure,
        "the directory of run \(found.run.short)'s workflow is gone: \(place); move it back, or "
          + "make a new one there with what the jobs need")
    }
    settings.directory =
      (found.directory ?? RunDirectory.of(found.run, workflowDirectory: place))?.path
    settings.signingKeyFile = keyFile
    self.settings = settings
    self.finder = finder
  }

  func begin(headless: Bool, json: Bool, detach: Bool, display: DisplayOptions) throws {
    if headless {
      return try HeadlessRun(settings: settings, style: json ? .json : .plain).run()
    }
    var screen = try display.screen()
    var settings = settings
    if !detach {
      settings.watcher = ScreenSession.newWatcherID()
      // The engine does it, as for a new run; what the run has kept comes first.
      settings.onFinish = screen.preferences.onFinish
      screen.preferences.onFinish = nil
    }
    let ready = try settings.launchEngine()
    if ready.workflowHasChanged {
      Terminal.complain(WorkflowChange.note(settings.run, settings.workflowPath))
    }
    guard let watcher = settings.watcher else {
      return Terminal.say("run \(settings.run.short) goes on in \(ready.directory)")
    }
    try ScreenSession(
      run: settings.run, url: try RedisURL(parsing: ready.redisURL),
      workflowPath: settings.workflowPath, watcher: watcher,
      finder: finder, screen: screen, keyFile: settings.signingKeyFile
    ).begin()
  }
}
