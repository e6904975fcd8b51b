import ArgumentParser
import Glibc
import JSONValue
import JobProtocol
import Posix
import Runner

/// `hflow-tui engine`: the engine process that `run` starts. Settings come from standard input, the
/// answer goes to standard output.
struct EngineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "engine", abstract: "The engine process of a run.", shouldDisplay: false)

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
        answer(EngineHandshake.line(ready))
      }
    } catch {
      answer(EngineHandshake.line(error))
      throw Failure(error)
    }
  }

  /// From here on standard error is the run's engine.log.
  private func writeLog(to path: String) {
    guard let file = try? Files.openForAppending(path, mode: 0o600) else { return }
    dup2(file, STDERR_FILENO)
    close(file)
  }

  /// Says the line and closes the pipe: the starter reads to its end. It is JSON, for the program
  /// that started this one.
  private func answer(_ line: String) {
    guard fcntl(STDOUT_FILENO, F_GETFD) >= 0 else { return }
    try? DescriptorIO.write(line, to: STDOUT_FILENO)
    let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
    dup2(null, STDOUT_FILENO)
    close(null)
  }
}
