import ArgumentParser
import Executor
import Glibc
import JobProtocol
import Posix
import Runner
import Runs
import Signing

/// `hflow-tui worker`: the same code as `hflow-job-execute --worker`.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Start a worker on this host for a run on a shared Redis",
    discussion: "Example: hflow-tui worker --redis redis://hub:6379 --pool k7f2")

  @Option(help: "Redis of the run (default: $HFLOW_REDIS_URL, $REDIS_URL)")
  var redis: String?

  @OptionGroup var certificates: CertificateOptions

  @Option(
    help: ArgumentHelp(
      "The run to serve (default: the only running one)",
      valueName: "run"))
  var pool: String?

  @Option(help: "Number of jobs to run at a time (default: number of cores)")
  var slots: Int?

  @Option(help: "The worker's name (default: host name and process id)")
  var name: String?

  @OptionGroup var worker: LocalWorkerOptions
  @OptionGroup var signing: SigningOptions

  func run() throws {
    let keyFile = try signing.checkedFile()
    var arguments = ["--worker"]
    let given = redis ?? Environment["HFLOW_REDIS_URL"] ?? Environment["REDIS_URL"]
    let url = try certificates.url(given)
    if let url { arguments += ["--redis", url] }
    if let pool = try servedPool(at: url) { arguments += ["--pool", pool] }
    if let slots { arguments += ["--slots", "\(slots)"] }
    if let memory = worker.memory { arguments += ["--memory", "\(memory.bytes)"] }
    if let tool = worker.containerTool { arguments += ["--container-tool", tool.rawValue] }
    if let name { arguments += ["--name", name] }
    if let file = keyFile { arguments += [SigningKey.option, file] }
    let code = JobExecutorMain.run(arguments: arguments)
    if code != 0 { throw ExitCode(code) }
  }

  /// The id of the run, which is also the name of its pool. Without a Redis URL, `pool` unchanged:
  /// the executor reports the missing URL.
  private func servedPool(at url: String?) throws(Failure) -> String? {
    guard let url else { return pool }
    let finder = RunFinder(redis: url, directory: ".")
    let runs = try finder.all()
    let chosen: FoundRun
    if let pool {
      let isKnown = pool == "last" || runs.contains { $0.run.text.hasPrefix(pool) }
      // A worker may be started before its run.
      guard isKnown || RunID(pool) == nil else {
        Console.printError("run \(pool) does not exist yet; waiting for it")
        return pool
      }
      chosen = try finder.one(pool)
    } else {
      let open = RunList(runs).entries.filter { $0.condition.phase != .closed }
      guard let only = open.first, open.count == 1 else {
        let ids = open.map(\.shortID).joined(separator: ", ")
        throw Failure(
          .usage,
          open.isEmpty
            ? "no run to serve; start one with `hflow-tui run --redis URL`, or give --pool RUN"
            : "several runs to serve: \(ids); choose one with --pool RUN")
      }
      chosen = only.found
    }
    Console.printError("serving run \(chosen.run.text) (\(chosen.description.name))")
    return chosen.run.text
  }
}
