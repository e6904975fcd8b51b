import Posix
import Runner

extension RunSettings {
  /// Starts an engine with these settings in a process of its own; returns when it runs.
  func launchEngine() throws(Failure) -> EngineProcess.Ready {
    guard let program = Environment.executablePath else {
      throw Failure(.infrastructure, "cannot find the path of hflow-tui itself (/proc is missing)")
    }
    do throws(RunnerError) {
      return try EngineLauncher.launch(self, program: program)
    } catch {
      throw Failure(error)
    }
  }
}
