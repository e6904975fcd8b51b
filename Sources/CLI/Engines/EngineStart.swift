import Posix
import Runner

extension RunSettings {
  /// Starts an engine for them in a process of its own; returns once it runs.
  func launchEngine() throws(Failure) -> EngineProcess.Ready {
    guard let program = Environment.executablePath else {
      throw Failure(.infrastructure, "cannot tell where hflow-tui itself is (/proc is missing)")
    }
    do throws(RunnerError) {
      return try EngineLauncher.launch(self, program: program)
    } catch {
      throw Failure(error)
    }
  }
}
