import Engine
import Glibc
import Posix
import Runner
import Synchronization

/// A run, new or resumed, whose engine is in this process and says on standard output what happens.
struct HeadlessRun {
  let settings: RunSettings
  let style: HeadlessPrinter.Style
  private static let patience = 1000

  /// Returns when the run has succeeded; all else is thrown with its exit code.
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
        guard ready.workflowHasChanged else { return }
        Terminal.complain(WorkflowChange.note(settings.run, settings.workflowPath))
      }
    } catch {
      drain(printer)
      throw Failure(error)
    }
    printer.finish()
    // The command comes after the last words, but not only when somebody reads them.
    printer.flush(milliseconds: Self.patience)
    let command = finish.withLock { $0 }
    let child = try? command?.start(status, printer.info, isQuiet: false)
    drain(printer)
    _ = child?.wait()
    if let code = ExitStatusCode(status) { throw Failure(code, []) }
  }

  /// The run is over: who waits for a reader now can be ended as any program.
  private func drain(_ printer: HeadlessPrinter) {
    UnixSignals.unblock([SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2])
    printer.flush()
  }
}
