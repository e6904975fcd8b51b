import ArgumentParser
import Engine
import JobProtocol
import Posix
import Redis
import Runner
import Runs
import ShellText
import TUI
import Workflow

/// `hflow-tui resume [run]`
struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Resume an interrupted run",
    discussion: """
      Finished jobs never run again. Running jobs are adopted, queued jobs stay queued. Without \
      RUN, resumes the latest interrupted run; a stopped run must be named.

      Example: hflow-tui resume
      """)

  @Argument(
    help: ArgumentHelp(
      "The run's id, its first letters, or `last`",
      valueName: "run"))
  var id: String?

  @Flag(help: "Print progress as plain lines (default without a terminal)")
  var headless = false

  @Flag(help: "Print one JSON event per line")
  var json = false

  @Flag(help: "Start the engine and return; attach with `hflow-tui watch`")
  var detach = false

  @OptionGroup var place: PlaceOptions
  @OptionGroup var signing: SigningOptions
  @OptionGroup var display: DisplayOptions

  func run() throws {
    let finder = try place.finder()
    let found = try chosen(finder)
    var resumed = try ResumedRun(found, finder, keyFile: try signing.checkedFile())
    resumed.settings.resumesStopped = true
    try resumed.begin(
      headless: headless || json || (!detach && !Console.outputIsTerminal), json: json,
      detach: detach, display: display)
  }

  private func chosen(_ finder: RunFinder) throws -> FoundRun {
    guard let id else { return try interrupted(finder) }
    let found = try finder.one(id)
    let condition = RunCondition(of: found)
    guard condition.phase == .closed, !condition.isStopped else { return found }
    try found.stopOrphanedRedis()
    let advice =
      condition.status == .succeeded
      ? "to view it: hflow-tui watch \(found.run.short)"
      : "to retry failed tasks: hflow-tui retry \(found.run.short) --failed"
    throw Failure(
      .usage, "run \(found.run.short) \(condition.sentence): nothing to resume; \(advice)")
  }

  /// How many other runs the error names.
  private static let shown = 3

  /// The latest interrupted run. A run that a user has stopped must be named.
  private func interrupted(_ finder: RunFinder) throws(Failure) -> FoundRun {
    let list = RunList(try finder.all())
    if let entry = list.entries.first(where: { $0.condition.phase == .interrupted }) {
      return entry.found
    }
    guard !list.entries.isEmpty else { throw finder.nothing }
    let others = list.entries.prefix(Self.shown).map { "\($0.shortID) \($0.condition.sentence)" }
    let more = list.entries.count > Self.shown ? ", …" : ""
    let stopped = list.entries.first { $0.condition.isStopped }
    let advice =
      stopped.map { "to resume the stopped run: hflow-tui resume \($0.shortID)" }
      ?? "to list all: hflow-tui list"
    throw Failure(
      .usage,
      "no interrupted run \(finder.place): \(others.joined(separator: ", "))\(more); \(advice)")
  }
}

/// The settings that resume a run with another engine.
struct ResumedRun {
  var settings: RunSettings
  private let finder: RunFinder

  init(_ found: FoundRun, _ finder: RunFinder, keyFile: String?) throws {
    var settings = RunSettings(run: found.run, workflowPath: found.description.workflowPath)
    settings.resumes = true
    settings.redisURL = found.description.hasPrivateRedis ? nil : finder.redis(of: found)
    let place = Files.parent(of: found.description.workflowPath)
    guard Files.isDirectory(place) else {
      throw Failure(
        .infrastructure,
        "the workflow directory of run \(found.run.short) no longer exists: \(place); move it "
          + "back, or create it with the files that the jobs need")
    }
    settings.directory =
      (found.directory ?? RunDirectory.find(found.run, workflowDirectory: place))?.path
    if let original = found.original, RunCondition(of: found).phase == .interrupted {
      let place = Files.parent(of: original)
      throw Failure(
        .usage,
        "this is a copy of run \(found.run.short) in \(place), which cannot continue twice; to "
          + "resume it there: hflow-tui resume \(found.run.short) -C \(ShellWords.quoted(place)); "
          + "to run the copy from its beginning: hflow-tui run")
    }
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
      // The engine runs the command, as for a new run. A command of the original run takes
      // precedence.
      settings.onFinish = screen.preferences.onFinish
      screen.preferences.onFinish = nil
    }
    let ready = try settings.launchEngine()
    if ready.workflowHasChanged {
      Console.printError(WorkflowChange.note(settings.run, settings.workflowPath))
    }
    guard let watcher = settings.watcher else {
      return Console.print("run \(settings.run.short) resumed in \(ready.directory)")
    }
    try ScreenSession(
      run: settings.run, url: try RedisURL(parsing: ready.redisURL),
      workflowPath: settings.workflowPath, watcher: watcher,
      finder: finder, screen: screen, keyFile: settings.signingKeyFile
    ).begin()
  }
}
