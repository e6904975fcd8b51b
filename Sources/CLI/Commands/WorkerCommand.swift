import ArgumentParser
import Executor
import Glibc
import Signing

/// `hflow-tui worker`: the same code as `hflow-job-execute --worker`.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Run a long-lived job executor that serves a worker pool.")

  @Option(help: "The Redis to take jobs from; else HFLOW_REDIS_URL or REDIS_URL.")
  var redis: String?

  @Option(help: "The pool to serve.")
  var pool: String?

  @Option(help: "How many jobs run at a time (default: the number of cores).")
  var slots: Int?

  @Option(help: "The worker's name (default: host name and process id).")
  var name: String?

  @OptionGroup var signing: SigningOptions

  func run() throws {
    var arguments = ["--worker"]
    if let redis { arguments += ["--redis", redis] }
    if let pool { arguments += ["--pool", pool] }
    if let slots { arguments += ["--slots", "\(slots)"] }
    if let name { arguments += ["--name", name] }
    if let file = signing.path { arguments += [SigningKey.option, file] }
    let code = JobExecutorMain.run(arguments: arguments)
    if code != 0 { throw ExitCode(code) }
  }
}
