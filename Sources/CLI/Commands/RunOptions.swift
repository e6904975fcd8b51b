public import ArgumentParser
import Engine
import JSONValue
import JobProtocol
import Posix
import Redis
import Runner
import ShellText
import TUI
import Workflow

/// How a workflow is run, and what the user sees of it.
struct RunOptions: ParsableArguments {
  @Flag(help: "Plain progress lines; also when standard output is no terminal.")
  var headless = false

  @Flag(help: "One JSON event a line; the last is runFinished.")
  var json = false

  @Flag(help: "Start the run and leave it; `hflow-tui watch` attaches.")
  var detach = false

  @Flag(help: "Start a new run; do not offer to resume or watch another one.")
  var new = false

  @Flag(help: "Show what would run, in order, and run nothing; with --json as objects.")
  var dryRun = false

  @OptionGroup var variables: VariableOptions

  @Option(
    help: ArgumentHelp(
      "A Redis to use (redis:// or unix://), else REDIS_URL, else one of the run's own.",
      valueName: "url"))
  var redis: String?

  @Option(help: "How many jobs run at a time (default: the number of cores).")
  var slots: Int?

  @Option(help: "How jobs are made: pool (a local worker) or oneshot (an executor for each job).")
  var invoker: RunSettings.Invoker?

  @Option(
    help: ArgumentHelp(
      "With --invoker oneshot: another executor; it gets the task id and the Redis URL.",
      valueName: "command"))
  var executorCommand: String?

  @Flag(help: "Stop at the first failed task.")
  var failFast = false

  @Option(
    help: ArgumentHelp(
      "Make failed attempts again, up to so often, where a process has no config.retry.",
      valueName: "number"))
  var retries: Int?

  @Option(
    help: ArgumentHelp(
      "Seconds before the first of them; doubled from each to the next.", valueName: "seconds"))
  var retryDelay: Double?

  @Option(
    help: ArgumentHelp(
      "Memory for the output of jobs in Redis, in MiB (default: 256).", valueName: "MiB"))
  var logMemory: Int?

  @OptionGroup var signing: SigningOptions

  @Flag(name: .customShort("s"), help: "Send a signal to each of the workflow's inputs.")
  var sendInputs = false

  @Flag(help: "Write a log beside the workflow, from which `recover` runs the rest.")
  var persist = false

  @Flag(help: "Log which firing read and wrote which signal.")
  var logProvenance = false

  @Option(
    help: ArgumentHelp(
      "Where that log goes (default: provenance_log.txt); turns it on.", valueName: "file"))
  var provenanceOutput: String?

  @OptionGroup var display: DisplayOptions
  @OptionGroup var finish: FinishOptions

  /// A run is no place for a long list of oddities.
  private static let warningLimit = 10

  func validate() throws {
    if let slots, !ExecutorOrder.chosenSlots.contains(slots) {
      throw ValidationError(
        "--slots needs a number from 1 to \(ExecutorOrder.chosenSlots.upperBound), found \(slots)")
    }
    if let retries, retries < 0 { throw ValidationError("--retries needs a number of at least 0") }
    if let retryDelay, !(retryDelay >= 0 && retryDelay.isFinite) {
      throw ValidationError("--retry-delay needs a number of seconds, 0 or more")
    }
    if let logMemory, !RunSettings.logMemoryRange.contains(logMemory) {
      throw ValidationError("--log-memory needs a number of MiB of at least 1")
    }
    if detach, headless || json || dryRun {
      throw ValidationError("--detach does not go with --headless, --json or --dry-run")
    }
  }

  /// Does with a workflow what the options ask for. `name` is what the user calls it.
  func start(
    _ workflow: String, called name: String, adjust: (inout RunSettings) -> Void = { _ in }
  ) throws {
    let source = try WorkflowSource(workflow)
    var settings = try makeSettings(source)
    adjust(&settings)
    let checked = try checkWorkflow(settings, source.text)
    if !dryRun, try goesOn(settings) { return }
    if dryRun {
      showPlan(checked, settings)
    } else if detach {
      let ready = try settings.launchEngine()
      Terminal.say("run \(settings.run.short) goes on in \(ready.directory)")
      let directory = ShellWords.quoted(source.place(called: name))
      let place = settings.redisURL == nil ? " -C \(directory)" : " --redis URL"
      Terminal.say("watch it: hflow-tui watch \(settings.run.short)\(place)")
    } else if headless || json || !Terminal.outputIsTerminal {
      try HeadlessRun(settings: settings, style: json ? .json : .plain).run()
    } else {
      try runOnScreen(settings)
    }
  }

  /// Whether another run is resumed or watched instead, or nothing is to be done.
  private func goesOn(_ settings: RunSettings) throws -> Bool {
    let isPlain = headless || json || detach || !Terminal.outputIsTerminal
    let finder = RunFinder(
      redis: settings.redisURL, directory: Files.parent(of: settings.workflowPath))
    switch try OtherRuns(besides: settings).ask(mayAsk: !isPlain, isWanted: new) {
    case .startNew: return false
    case .leave: break
    case .watch(let found):
      try ScreenSession(
        run: found.run, url: found.url, workflowPath: found.description.workflowPath,
        watcher: ScreenSession.newWatcherID(), finder: finder, screen: try display.screen(),
        keyFile: settings.signingKeyFile
      ).begin()
    case .resume(let found):
      try ResumedRun(found, finder, keyFile: settings.signingKeyFile).begin(
        headless: false, json: false, detach: false, display: display)
    }
    return true
  }

  private func makeSettings(_ source: WorkflowSource) throws -> RunSettings {
    var settings = RunSettings(
      run: RunID(randomBits: UInt64.random(in: .min ... .max)), workflowPath: source.path)
    // What is not UTF-8 is told before anything is made of it.
    settings.workflowText = source.text.map { String(decoding: $0, as: UTF8.self) }
    settings.isPiped = source.text != nil
    settings.variables = variables.all
    settings.redisURL = redis ?? Environment["REDIS_URL"]
    settings.slots = slots ?? Environment.processorCount
    settings.failFast = failFast
    settings.retries = retries ?? Self.attemptsOfOriginal.map { $0 - 1 }
    settings.retryDelay = retryDelay ?? 0
    settings.logMemory = logMemory ?? RunSettings.defaultLogMemory
    settings.signingKeyFile = try signing.checkedFile()
    settings.persist = persist
    if logProvenance || provenanceOutput != nil {
      settings.provenanceOutput = WorkflowPath.absolute(try provenanceOutput ?? Self.usualLog())
    }
    settings.sendInputs = sendInputs
    settings.onFinish = finish.onFinish
    settings.invoker = invoker ?? .pool
    settings.invokerIsChosen = invoker != nil || executorCommand != nil
    if let executorCommand {
      settings.invoker = .oneshot
      settings.executorCommand = try words(of: executorCommand)
    }
    if let text = settings.redisURL, !text.isEmpty {
      do { _ = try RedisURL(parsing: text) } catch { throw Failure(.usage, "\(error)") }
    } else {
      settings.redisURL = nil
    }
    return settings
  }

  /// Others know that name, too.
  private static func usualLog() throws(Failure) -> String {
    let name = "provenance_log.txt"
    guard let link = GuardedPath(name).refusal else { return name }
    throw Failure(.usage, "\(name): \(link.reason); give a name with --provenance-output FILE")
  }

  /// What the original executor is told: attempts in total. Under our engine the engine counts.
  private static var attemptsOfOriginal: Int? {
    Environment["HF_VAR_NUMBER_OF_RETRIES"].flatMap { Int($0) }.flatMap { $0 >= 1 ? $0 : nil }
  }

  private func words(of command: String) throws -> [String] {
    guard let words = ShellWords.split(command), !words.isEmpty else {
      throw Failure(.usage, "--executor-command: it is empty, or a quote is not closed")
    }
    return words
  }

  /// Errors end the command here, before anything is started; warnings are said and passed over.
  private func checkWorkflow(_ settings: RunSettings, _ text: [UInt8]?) throws -> Workflow {
    let checked: WorkflowFile.Checked
    do {
      checked = try WorkflowFile.findings(
        settings.workflowPath, text: text, variables: settings.variables,
        invokerIsChosen: settings.invokerIsChosen)
    } catch {
      throw Failure(error)
    }
    for warning in checked.warnings.prefix(Self.warningLimit) {
      Terminal.complain("warning: \(warning)")
    }
    let rest = checked.warnings.count - Self.warningLimit
    if rest > 0 { Terminal.complain("warning: … and \(rest) more") }
    guard let workflow = checked.workflow else { throw Failure(.usage, checked.errors) }
    return workflow
  }

  private func showPlan(_ workflow: Workflow, _ settings: RunSettings) {
    let functions = FunctionCatalog(
      workflow, directory: Files.parent(of: settings.workflowPath), invokerIsChosen: true)
    let plan = DryRun(workflow, functions: functions)
    if json {
      Terminal.writeData(plan.objects.map { $0.text + "\n" }.joined())
    } else {
      Terminal.say(plan.lines)
    }
  }

  private func runOnScreen(_ settings: RunSettings) throws {
    // Before anything is started: a mistake in the configuration is told at once.
    var screen = try display.screen()
    var settings = settings
    // The engine does it, whether somebody still watches by then or not.
    settings.onFinish = settings.onFinish ?? screen.preferences.onFinish
    screen.preferences.onFinish = nil
    let watcher = ScreenSession.newWatcherID()
    settings.watcher = watcher
    let ready = try settings.launchEngine()
    let url = try RedisURL(parsing: ready.redisURL)
    let finder = RunFinder(
      redis: settings.redisURL, directory: Files.parent(of: settings.workflowPath))
    try ScreenSession(
      run: settings.run, url: url, workflowPath: settings.workflowPath, watcher: watcher,
      finder: finder, screen: screen,
      keyFile: settings.signingKeyFile
    ).begin()
  }
}

extension RunSettings.Invoker: ExpressibleByArgument {}

extension Failure {
  init(_ error: RunnerError) {
    switch error.code {
    case .invalidWorkflow: self.init(.usage, error.messages)
    case .infrastructure, .executors, .deposed, .interrupted:
      self.init(.infrastructure, error.messages)
    }
  }
}

extension ExitStatusCode {
  /// The code for a run that ended so; `nil` for success.
  init?(_ status: RunStatus) {
    switch status {
    case .succeeded: return nil
    case .failed, .blocked, .running: self = .tasksFailed
    case .cancelled: self = .stopped
    }
  }
}
