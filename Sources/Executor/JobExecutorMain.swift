import Glibc
import JobProtocol
import Posix
import Redis
import Signing

/// The main function of `hflow-job-execute` and `hflow-tui worker`.
public enum JobExecutorMain {
  /// - Parameter arguments: without the program's name; `nil` if they cannot be read.
  /// - Returns: the exit status. Call it on the main thread before other threads start,
  ///   because it blocks Unix signals to read them from a descriptor.
  public static func run(arguments: [String]?) -> Int32 {
    guard let arguments else {
      Console.printError("cannot read the arguments of the command line")
      return 3
    }
    if arguments.count == 2, arguments[0] == ContainerSupervisor.option {
      return ContainerSupervisor.run(arguments[1])
    }
    let environmentURL = withdrawURL()
    if let clock = Environment.withdraw(ClockAnchor.variable) { ClockAnchor.adopt(clock) }
    let stateDirectory = Environment.withdraw(ExecutorPlaces.variable)
    // A file at the limit of `ulimit -f` must not end the executor.
    signal(SIGXFSZ, SIG_IGN)
    do throws(UsageError) {
      var arguments = arguments
      let keyFile = try Invocation.takeKeyFile(from: &arguments)
      let invocation = try Invocation(
        arguments, environmentURL: environmentURL, processors: Environment.processorCount)
      return run(invocation, keyFile: keyFile, stateDirectory: stateDirectory)
    } catch {
      Console.printError("\(error.text) (see --help)")
      return 2
    }
  }

  /// Passwords of the executor must not reach jobs. A `REDIS_URL` without a password stays in the
  /// environment, because jobs may use it.
  private static func withdrawURL() -> String? {
    let own = Environment.withdraw("HFLOW_REDIS_URL")
    let common = Environment["REDIS_URL"]
    if let common, (try? RedisURL(parsing: common))?.hasSecret == true {
      _ = Environment.withdraw("REDIS_URL")
    }
    return own ?? common
  }

  private static func run(
    _ invocation: Invocation, keyFile: String?, stateDirectory: String?
  ) -> Int32 {
    let key: SigningKey?
    do throws(SigningKeyError) {
      // Jobs do not inherit it.
      key = try SigningKey.load(
        file: keyFile, variable: Environment.withdraw(SigningKey.variable), read: PrivateFile.read)
    } catch {
      Console.printError("\(error)")
      return 2
    }
    if key != nil { Environment.hideMemory() }
    switch invocation {
    case .help: Console.print(Invocation.usage)
    case .version: Console.print(Invocation.versionText)
    case .tasks(let tasks, let url):
      return work {
        try OneShot(tasks: tasks, url: url, key: key, stateDirectory: stateDirectory).run()
      }
    case .worker(var options):
      options.stateDirectory = stateDirectory
      return work { try Worker(options, key: key).run() }
    }
    return 0
  }

  private static func work(_ body: () throws -> Int32) -> Int32 {
    do {
      return try body()
    } catch {
      Console.printError("\(error)")
      return 3
    }
  }
}
