import Engine
import JobProtocol
import Workflow

/// What the journal of a run gives back: the machine as it was, the state that people see, and what
/// is under way.
struct RunTakeOver: Sendable {
  var machine: RunMachine
  var state: RunState
  /// Events of a turn whose end is not in the journal.
  var missingEvents: [RunEvent]
  var outstanding: Outstanding { machine.outstanding }

  /// Reads the whole journal. `note` is told each turn, in order.
  init(
    _ machine: RunMachine, from journal: Journal, note: (Turn) -> Void
  ) async throws(RunnerError) {
    var replay = RunReplay(machine)
    var state = RunState(workflow: machine.workflow)
    var entry: String?
    while let page = try await journal.events(after: entry) {
      for event in page.events {
        state.apply(event)
        do throws(RunReplay.Mismatch) {
          if let turn = try replay.apply(event) { note(turn) }
        } catch {
          throw RunnerError(.infrastructure, Self.text(of: error))
        }
      }
      entry = page.entry
    }
    for event in replay.missingEvents { state.apply(event) }
    self.machine = replay.machine
    self.state = state
    missingEvents = replay.missingEvents
  }

  /// Who had an attempt, as far as the journal tells.
  func executor(of attempt: AttemptID) -> ExecutorIdentity? {
    state.record(of: attempt)?.executor
  }

  private static func text(of mismatch: RunReplay.Mismatch) -> String {
    "event \(mismatch.event) of the journal does not follow from those before it: the run was "
      + "written by another version of hflow-tui, or its functions.js has changed; start the "
      + "workflow again with hflow-tui run"
  }
}
