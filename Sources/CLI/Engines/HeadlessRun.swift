import Engine
import Glibc
import Posix
import Runner
import Runs
import Synchronization

/// A new or resumed run whose engine runs in this process and prints what happens.
struct HeadlessRun {
  let settings: RunSettings
  let style: HeadlessPrinter.Style
  private static let flushTimeout = 1000

  /// Returns if the run succeeds; throws the exit code otherwise.
  func run() throws(Failure) {
    let printer = HeadlessPrinter(style: style)
    let finish = Mutex<FinishCommand?>(nil)
    let engine = EngineProcess(settings: settings, log: EngineLog.make(settings.run)) { settings in
      finish.withLock { $0 = FinishCommand(settings.onFinish) }
      return printer
    }
    let status: RunStatus
    do throws(RunnerError) {
      status = try engine.run { ready in
        StartLock.release()
        Publication.start(of: settings.run, ready)
        guard ready.workflowHasChanged else { return }
        Console.printError(WorkflowChange.note(settings.run, settings.workflowPath))
      }
    } catch {
      drain(printer)
      throw Failure(error)
    }
    printer.finish()
    // The command runs after the summary was written, but does not wait for a slow reader.
    printer.flush(milliseconds: Self.flushTimeout)
    let command = finish.withLock { $0 }
    let child = try? command?.start(status, printer.info, isQuiet: false)
    drain(printer)
    _ = child?.wait()
    if let code = ExitStatusCode(status) { throw Failure(code, []) }
  }

  /// Waits for the reader. The run is over, so signals may end the process again.
  private func drain(_ printer: HeadlessPrinter) {
    UnixSignals.unblock([SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2])
    printer.flush()
  }
}
