public import ArgumentParser
import Engine
import Executor
import JSONValue
import JobProtocol
import Posix
import Redis
import Runner
import Runs
import ShellText
import TUI
import Workflow

/// The options of `run` and `recover`: how a workflow is run, and what is shown.
struct RunOptions: ParsableArguments {
  @Flag(help: "Print progress as plain lines (default without a terminal)")
  var headless = false

  @Flag(help: "Print one JSON event per line")
  var json = false

  @Flag(help: "Start the run and return; attach with `hflow-tui watch`")
  var detach = false

  @Flag(help: "Start a new run; do not offer to resume")
  var new = false

  @Flag(help: "Show what would run; run nothing")
  var dryRun = false

  @OptionGroup var simulation: SimulationOptions

  @OptionGroup var variables: VariableOptions

  @Option(
    help: ArgumentHelp(
      "Redis to use (default: $REDIS_URL, else a private Redis)",
      valueName: "url"))
  var redis: String?

  @OptionGroup var certificates: CertificateOptions

  @Option(help: "Number of jobs to run at a time (default: number of cores)")
  var slots: Int?

  @OptionGroup var worker: LocalWorkerOptions

  @Option(help: "pool (one local worker) or oneshot (one executor per job)")
  var invoker: RunSettings.Invoker?

  @Option(
    help: ArgumentHelp(
      "Executor for oneshot; it gets the task id and the Redis URL",
      valueName: "command"))
  var executorCommand: String?

  @OptionGroup var places: SiteOptions

  @Flag(help: "Stop the run at the first failed task")
  var failFast = false

  @Option(
    help: ArgumentHelp(
      "Retry failed jobs up to N times (config.retry takes precedence)",
      valueName: "N"))
  var retries: Int?

  @Option(
    help: ArgumentHelp(
      "Seconds before the first retry; doubled for each further one", valueName: "seconds"))
  var retryDelay: Double?

  @Option(
    help: ArgumentHelp(
      "Memory for job output in Redis (default: 256)", valueName: "MiB"))
  var logMemory: Int?

  @Flag(help: "Write traces of jobs for HyperFlow's log-parser")
  var traces = false

  @OptionGroup var files: FileOptions

  @OptionGroup var signing: SigningOptions

  @Flag(name: .customShort("s"), help: "Send a signal to each input of the workflow")
  var sendInputs = false

  @Flag(help: "Write a persistence log for `hflow-tui recover`")
  var persist = false

  @Flag(help: "Write a provenance log: which firing used which signal")
  var logProvenance = false

  @Option(
    help: ArgumentHelp(
      "File of the provenance log (default: provenance_log.txt)", valueName: "file"))
  var provenanceOutput: String?

  @OptionGroup var display: DisplayOptions
  @OptionGroup var finish: FinishOptions
  @OptionGroup var publication: PublicationOptions

  /// How many warnings `run` prints; `validate` prints all.
  private static let warningLimit = 10

  func validate() throws {
    if let slots, !ExecutorOrder.chosenSlots.contains(slots) {
      throw ValidationError(
        "--slots must be from 1 to \(ExecutorOrder.chosenSlots.upperBound), found \(slots)")
    }
    if let retries, retries < 0 { throw ValidationError("--retries must be at least 0") }
    if let retryDelay, !(retryDelay >= 0 && retryDelay.isFinite) {
      throw ValidationError("--retry-delay must be at least 0 seconds")
    }
    if let logMemory, !RunSettings.logMemoryRange.contains(logMemory) {
      throw ValidationError("--log-memory must be at least 1 MiB")
    }
    if !places.on.isEmpty, executorCommand != nil || invoker == .oneshot {
      throw ValidationError("--on excludes --invoker oneshot and --executor-command")
    }
    if detach, headless || json || dryRun {
      throw ValidationError("--detach excludes --headless, --json and --dry-run")
    }
  }

  /// Runs the workflow as the options say. `name` is the path as the user typed it.
  func start(
    _ workflow: String, called name: String, adjust: (inout RunSettings) -> Void = { _ in }
  ) throws {
    let source = try simulation.convert(
      try WorkflowSource(workflow), called: name, memory: worker.memory)
    printWarnings(
      source.findings.map { "\(Files.name(of: name).displayName): \($0)" })
    var settings = try makeSettings(source)
    adjust(&settings)
    let checked = try checkWorkflow(settings, source.text)
    try checkSlots(settings)
    if settings.hasKubernetes, Environment["HF_VAR_K8S_TEST"] == "1" {
      return try showManifests(settings)
    }
    if !dryRun, try openOtherRun(settings) { return }
    if !dryRun { try publication.check(&settings) }
    if files.changed {
      let search = try ChangeSearch(checked, settings)
      if dryRun { return showChanges(search) }
      if search.plan.runningCount == 0 { return Console.print(search.headline) }
      search.apply(to: &settings)
    }
    if dryRun {
      showPlan(checked, settings)
    } else if detach {
      let ready = try settings.launchEngine()
      Console.print("run \(settings.run.short) started in \(ready.directory)")
      let directory = ShellWords.quoted(source.place(called: name))
      let place = settings.redisURL == nil ? " -C \(directory)" : " --redis URL"
      Console.print("to watch it: hflow-tui watch \(settings.run.short)\(place)")
    } else if headless || json || !Console.outputIsTerminal {
      try HeadlessRun(settings: settings, style: json ? .json : .plain).run()
    } else {
      try runOnScreen(settings)
    }
  }

  /// Whether another run of the directory is resumed or watched instead, or the user quits.
  private func openOtherRun(_ settings: RunSettings) throws -> Bool {
    let isPlain = headless || json || detach || !Console.outputIsTerminal
    StartLock.acquire(Files.parent(of: settings.workflowPath))
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
    // A workflow that is not UTF-8 is refused later, by `checkWorkflow`.
    settings.workflowText = source.text.map { String(decoding: $0, as: UTF8.self) }
    settings.isPiped = source.text != nil
    settings.variables = variables.all
    settings.redisURL = try certificates.url(redis ?? Environment["REDIS_URL"])
    settings.slots =
      slots ?? simulation.slots(for: source) ?? Self.slotsOfOriginal ?? Environment.processorCount
    settings.memory = worker.memory?.bytes
    settings.containerTool = worker.containerTool
    settings.traces = traces
    settings.checkFiles = files.checkFiles
    settings.failFast = failFast || Environment["HF_VAR_STOP_WORKFLOW_WHEN_JOB_FAILED"] == "1"
    settings.retries = retries ?? Self.attemptsOfOriginal.map { $0 - 1 }
    settings.retryDelay = retryDelay ?? 0
    settings.logMemory = logMemory ?? RunSettings.defaultLogMemory
    settings.signingKeyFile = try signing.checkedFile()
    settings.persist = persist
    if logProvenance || provenanceOutput != nil {
      settings.provenanceOutput = WorkflowPath.absolute(try provenanceOutput ?? Self.defaultLog())
    }
    settings.sendInputs = sendInputs
    settings.onFinish = finish.onFinish
    settings.invoker = invoker ?? .pool
    settings.invokerIsChosen = invoker != nil || executorCommand != nil
    if let executorCommand {
      settings.invoker = .oneshot
      settings.executorCommand = try splitCommand(of: executorCommand)
      try checkForeign(settings.redisURL)
    }
    try places.apply(to: &settings, slots: slots)
    return settings
  }

  /// Foreign executors do not support sentinels.
  private func checkForeign(_ text: String?) throws(Failure) {
    guard let text, let url = try? RedisURL(parsing: text), case .sentinel = url.endpoint else {
      return
    }
    throw Failure(
      .usage,
      "--executor-command: other executors need the address of one Redis; give redis:// or "
        + "rediss://")
  }

  /// Other users know the default name and may have created a link there.
  private static func defaultLog() throws(Failure) -> String {
    let name = "provenance_log.txt"
    guard let link = GuardedPath(name).refusal else { return name }
    throw Failure(.usage, "\(name): \(link.reason); choose another with --provenance-output FILE")
  }

  /// HyperFlow's executor reads this variable: the number of attempts. Here the engine retries.
  private static var attemptsOfOriginal: Int? {
    Environment["HF_VAR_NUMBER_OF_RETRIES"].flatMap { Int($0) }.flatMap { $0 >= 1 ? $0 : nil }
  }

  /// HyperFlow's `redisCommand` reads this variable: the number of jobs at a time.
  private static var slotsOfOriginal: Int? {
    Environment["HF_VAR_REDIS_CMD_MAX_PARALLELISM"].flatMap { Int($0) }
      .flatMap { ExecutorOrder.chosenSlots.contains($0) ? $0 : nil }
  }

  private func splitCommand(of command: String) throws -> [String] {
    guard let splitCommand = ShellWords.split(command), !splitCommand.isEmpty else {
      throw Failure(.usage, "--executor-command: empty, or a quote is not closed")
    }
    return splitCommand
  }

  /// The worker inherits the limits of this process.
  private func checkSlots(_ settings: RunSettings) throws(Failure) {
    guard settings.invoker == .pool else { return }
    do throws(DescriptorLimit.Failure) {
      try DescriptorLimit.check(slots: settings.slots)
    } catch {
      throw Failure(.usage, "\(error)")
    }
  }

  /// Prints warnings. Throws on errors, before anything is started.
  private func checkWorkflow(_ settings: RunSettings, _ text: [UInt8]?) throws -> Workflow {
    let checked: WorkflowFile.Checked
    do {
      checked = try WorkflowFile.findings(
        settings.workflowPath, text: text, variables: settings.variables,
        invokerIsChosen: settings.invokerIsChosen, checksFiles: true)
    } catch {
      throw Failure(error)
    }
    printWarnings(checked.warnings)
    guard let workflow = checked.workflow else { throw Failure(.usage, checked.errors) }
    let variable = Environment["HF_VAR_WORKER_CONTAINER"]
    if settings.executorCommand != nil,
      let process = workflow.processes.first(where: { $0.image(variable: variable) != nil })
    {
      Console.printError(
        "warning: \(process.name.displayName) asks for an image, and the program of "
          + "--executor-command may run it without one")
    }
    return workflow
  }

  /// One Job in each line, as JSON that kubectl reads.
  private func showManifests(_ settings: RunSettings) throws(Failure) {
    do throws(RunnerError) {
      for manifest in try KubernetesPreview.manifests(settings) {
        Console.writeData(manifest.text + "\n")
      }
    } catch {
      throw Failure(error)
    }
  }

  private func printWarnings(_ warnings: [String]) {
    for warning in warnings.prefix(Self.warningLimit) {
      Console.printError("warning: \(warning)")
    }
    let rest = warnings.count - Self.warningLimit
    if rest > 0 { Console.printError("warning: … and \(rest) more") }
  }

  private func showPlan(_ workflow: Workflow, _ settings: RunSettings) {
    let functions = FunctionCatalog(
      workflow, directory: Files.parent(of: settings.workflowPath), invokerIsChosen: true)
    let plan = DryRun(workflow, functions: functions)
    if json {
      Console.writeData(plan.objects.map { $0.text + "\n" }.joined())
    } else {
      Console.print(plan.lines)
    }
  }

  private func showChanges(_ search: ChangeSearch) {
    if json {
      Console.writeData(search.objects.map { $0.text + "\n" }.joined())
    } else {
      Console.print(search.lines)
    }
  }

  private func runOnScreen(_ settings: RunSettings) throws {
    // Read the configuration before anything is started, so that an error in it starts nothing.
    var screen = try display.screen()
    var settings = settings
    // The engine runs the command, so that it also runs when no screen is attached.
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

/// Kubernetes is chosen with `--on`.
extension RunSettings.Invoker: ExpressibleByArgument {
  init?(argument: String) {
    guard let kind = Self(rawValue: argument), kind != .kubernetes else { return nil }
    self = kind
  }

  static var allValueStrings: [String] { [Self.pool, .oneshot].map(\.rawValue) }
}

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
  /// The exit code for a run with this final status; `nil` for success.
  init?(_ status: RunStatus) {
    switch status {
    case .succeeded: return nil
    case .failed, .blocked, .running: self = .tasksFailed
    case .cancelled: self = .stopped
    }
  }
}
