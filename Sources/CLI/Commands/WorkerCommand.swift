import ArgumentParser
import Executor
import Glibc
import JobProtocol
import Posix
import Runner
import Signing

/// `hflow-tui worker`: the same code as `hflow-job-execute --worker`.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Run a long-lived job executor that serves a worker pool.")

  @Option(help: "The Redis to take jobs from; else HFLOW_REDIS_URL or REDIS_URL.")
  var redis: String?

  @Option(
    help: ArgumentHelp(
      "The run to serve, or its beginning (default: the one that goes on there).",
      valueName: "run"))
  var pool: String?

  @Option(help: "How many jobs run at a time (default: the number of cores).")
  var slots: Int?

  @Option(help: "The worker's name (default: host name and process id).")
  var name: String?

  @OptionGroup var signing: SigningOptions

  func run() throws {
    let keyFile = try signing.checkedFile()
    var arguments = ["--worker"]
    if let redis { arguments += ["--redis", redis] }
    if let pool = try servedPool() { arguments += ["--pool", pool] }
    if let slots { arguments += ["--slots", "\(slots)"] }
    if let name { arguments += ["--name", name] }
    if let file = keyFile { arguments += [SigningKey.option, file] }
    let code = JobExecutorMain.run(arguments: arguments)
    if code != 0 { throw ExitCode(code) }
  }

  /// The id of a run is its pool's name. `nil` where no Redis is named: the executor says so.
  private func servedPool() throws(Failure) -> String? {
    let given = redis ?? Environment["HFLOW_REDIS_URL"] ?? Environment["REDIS_URL"]
    guard let given, !given.isEmpty else { return pool }
    let finder = RunFinder(redis: given, directory: ".")
    let runs = try finder.all()
    let chosen: FoundRun
    if let pool {
      let isKnown = pool == "last" || runs.contains { $0.run.text.hasPrefix(pool) }
      // A worker may be there before its run.
      guard isKnown || RunID(pool) == nil else {
        Terminal.complain("there is no run \(pool) yet; waiting for it")
        return pool
      }
      chosen = try finder.one(pool)
    } else {
      let open = RunList(runs).entries.filter { $0.standing.phase != .closed }
      guard let only = open.first, open.count == 1 else {
        let ids = open.map(\.shortID).joined(separator: ", ")
        throw Failure(
          .usage,
          open.isEmpty
            ? "no run goes on there; start one with `hflow-tui run --redis`, or give --pool RUN"
            : "which run? there are \(ids): --pool RUN")
      }
      chosen = only.found
    }
    Terminal.complain("serving run \(chosen.run.text) (\(chosen.description.name))")
    return chosen.run.text
  }
}
