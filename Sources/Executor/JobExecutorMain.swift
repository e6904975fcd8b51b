import Glibc
import JobProtocol
import Posix
import Redis

/// The whole program, for `hflow-job-execute` and for `hflow-tui worker`.
public enum JobExecutorMain {
  /// `arguments` without the program's name. Returns the exit status. Call it on the main thread
  /// before others start: it blocks Unix signals to read them from a descriptor.
  public static func run(arguments: [String]) -> Int32 {
    let environmentURL = Environment["HFLOW_REDIS_URL"] ?? Environment["REDIS_URL"]
    // It may hold a password; jobs have no use for it.
    unsetenv("HFLOW_REDIS_URL")
    do throws(UsageError) {
      switch try Invocation(
        arguments, environmentURL: environmentURL, processors: Environment.processorCount)
      {
      case .help: Console.print(Invocation.usage)
      case .version: Console.print(Invocation.versionText)
      case .tasks(let tasks, let url): return work { try OneShot(tasks: tasks, url: url).run() }
      case .worker(let options): return work { try Worker(options).run() }
      }
      return 0
    } catch {
      Console.say("\(error.text) (--help tells more)")
      return 2
    }
  }

  private static func work(_ body: () throws -> Int32) -> Int32 {
    do {
      return try body()
    } catch {
      Console.say("\(error)")
      return 3
    }
  }
}
