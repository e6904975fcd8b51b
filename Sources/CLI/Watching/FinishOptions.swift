import ArgumentParser
import Dispatch
import Engine
import Posix
import Runner
import Synchronization

/// What else is to be done when a run ends.
struct FinishOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A shell command for when the run ends, also after a retry; it gets HFLOW_RUN, HFLOW_NAME, "
        + "HFLOW_STATUS and HFLOW_DIRECTORY.", valueName: "command"))
  var onFinish: String?
}

/// A person's command, and what it is told of the run.
struct FinishCommand: Sendable {
  let command: String

  /// `nil` for nothing to do.
  init?(_ command: String?) {
    guard let command, !command.allSatisfy(\.isWhitespace) else { return nil }
    self.command = command
  }

  /// Starts it; the caller waits for its end.
  ///
  /// - Parameter isQuiet: a screen is there, on which nobody else must write.
  func start(_ status: RunStatus, _ info: RunInfo?, isQuiet: Bool) throws(PosixError) -> Child {
    var request = SpawnRequest("/bin/sh", ["-c", command])
    request.additionalEnvironment = [
      "HFLOW_STATUS": status.rawValue, "HFLOW_RUN": info?.run ?? "",
      "HFLOW_NAME": info?.name ?? "", "HFLOW_DIRECTORY": info?.directory ?? "",
    ]
    if isQuiet {
      request.standardOutput = .null
      request.standardError = .null
    }
    return try Child.spawn(request)
  }
}

/// Runs the command each time the run can go no further, from within the engine's process: whether
/// anybody watches or not.
final class FinishWatch: RunObserver {
  private let command: FinishCommand
  private let info = Mutex<RunInfo?>(nil)

  init(_ command: FinishCommand) { self.command = command }

  func begins(_ run: RunState) { info.withLock { $0 = run.info } }

  func happened(_ events: [RunEvent]) {
    for event in events {
      switch event.change {
      case .runStarted(let info): self.info.withLock { $0 = info }
      case .runSettled(let status, _):
        let info = info.withLock { $0 }
        // The engine goes on meanwhile; the command may even outlive it.
        guard let child = try? command.start(status, info, isQuiet: false) else { continue }
        // It takes as long as it takes: a thread of its own.
        DispatchQueue(label: "hflow-tui.on-finish").async { _ = child.wait() }
      default: break
      }
    }
  }

  func printed(_ lines: [String], by firing: FiringID) {}
}
