import ArgumentParser
import Glibc
import JSONValue
import JobProtocol
import Posix
import Runner
import Runs

/// `hflow-tui engine`: the engine process that `run` starts. It reads settings from standard
/// input and answers on standard output.
struct EngineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "engine", abstract: "Run the engine of a run (started by `run`)",
    shouldDisplay: false)

  func run() throws {
    let input = try DescriptorIO.readToEnd(STDIN_FILENO)
    guard let json = try? JSON(parsing: input), let settings = RunSettings(json) else {
      throw Failure(.usage, "engine: no settings on standard input; use `hflow-tui run`")
    }
    let process = EngineProcess(settings: settings, log: EngineLog.make(settings.run)) { settings in
      guard let command = FinishCommand(settings.onFinish) else { return NoObserver() }
      return FinishWatch(command)
    }
    do {
      _ = try process.run { ready in
        writeLog(to: RunDirectory(path: ready.directory).engineLog)
        Publication.start(of: settings.run, ready)
        answer(EngineHandshake.line(ready))
      }
    } catch {
      answer(EngineHandshake.line(error))
      throw Failure(error)
    }
  }

  /// Redirects standard error to the run's engine.log.
  private func writeLog(to path: String) {
    guard let file = try? Files.openForAppending(path, mode: 0o600) else { return }
    dup2(file, STDERR_FILENO)
    close(file)
  }

  /// Writes one JSON line for the process that started this one, and closes the pipe, which
  /// that process reads to its end.
  private func answer(_ line: String) {
    guard fcntl(STDOUT_FILENO, F_GETFD) >= 0 else { return }
    try? DescriptorIO.write(line, to: STDOUT_FILENO)
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    dup2(null, STDOUT_FILENO)
    close(null)
  }
}
