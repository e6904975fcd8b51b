import Engine
import JobProtocol
import Runs
import Workflow

/// What the journal of a run restores: the machine, the state that people see, and the outstanding
/// work.
struct RunTakeOver: Sendable {
  var machine: RunMachine
  var state: RunState
  /// Events of a turn whose end is not in the journal.
  var missingEvents: [RunEvent]
  var outstanding: OutstandingWork { machine.outstanding }

  /// Reads the whole journal. `note` is called with each turn, in order.
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

  /// The executor that had an attempt, according to the journal.
  func executor(of attempt: AttemptID) -> ExecutorIdentity? {
    state.record(of: attempt)?.executor
  }

  private static func text(of mismatch: RunReplay.Mismatch) -> String {
    "event \(mismatch.event) of the journal does not follow from those before it: the run was "
      + "written by another version of hflow-tui, or its functions.js has changed; start the "
      + "workflow again with hflow-tui run"
  }
}
