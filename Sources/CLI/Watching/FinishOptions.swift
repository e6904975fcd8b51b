import ArgumentParser
import Dispatch
import Engine
import Posix
import Runner
import Synchronization

/// What to do when a run ends.
struct FinishOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Shell command to run at the end; it gets $HFLOW_STATUS, $HFLOW_RUN", valueName: "command"))
  var onFinish: String?
}

/// The user's command for the end of a run, and the environment it gets.
struct FinishCommand: Sendable {
  let command: String

  /// `nil` if the command is empty.
  init?(_ command: String?) {
    guard let command, !command.allSatisfy(\.isWhitespace) else { return nil }
    self.command = command
  }

  /// Starts the command; the caller waits for it.
  ///
  /// - Parameter isQuiet: discard the output, because a screen owns the terminal.
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

/// Runs the command each time the run settles. This happens in the engine's process, so it also
/// happens when nobody watches.
final class FinishWatch: RunObserver {
  private let command: FinishCommand
  private let info = Mutex<RunInfo?>(nil)

  init(_ command: FinishCommand) { self.command = command }

  func runStarted(_ info: RunInfo?, _ state: () -> RunState) { self.info.withLock { $0 = info } }

  func committed(_ events: [RunEvent]) {
    for event in events {
      switch event.change {
      case .runStarted(let info): self.info.withLock { $0 = info }
      case .runSettled(let status, _):
        let info = info.withLock { $0 }
        // The engine continues meanwhile, and the command may outlive it.
        guard let child = try? command.start(status, info, isQuiet: false) else { continue }
        // A thread of its own waits, because the command may take any time.
        DispatchQueue(label: "hflow-tui.on-finish").async { _ = child.wait() }
      default: break
      }
    }
  }

  func printed(_ lines: [String], by firing: FiringID) {}
}
