import DequeModule
import JobProtocol
import Workflow

/// Restores a run's state from its journal: each turn's input is in its first event, and the
/// machine must produce the same events again.
///
/// Any prefix of a journal gives the state at that time. If it ends within a turn, the state is
/// that after the turn, and `missingEvents` are the turn's events that are not in the journal.
/// Firings are replayed one by one, as many as the journal has: an engine may fire any number of
/// tasks with an input, and `mayProceed` says that there are more.
public struct RunReplay: Sendable {
  public private(set) var machine: RunMachine
  private var expected: Deque<RunEvent> = []
  private var count = 0

  public init(_ machine: RunMachine) { self.machine = machine }

  /// The journal is not from this program and workflow.
  public struct Mismatch: Error, Equatable {
    /// Counts from 1.
    public let event: Int
    public let found: RunEvent.Change
    public let expected: RunEvent.Change?
  }

  /// Returns the whole turn for its first event.
  @discardableResult
  public mutating func apply(_ event: RunEvent) throws(Mismatch) -> Turn? {
    count += 1
    if let next = expected.popFirst() {
      guard next == event else {
        throw Mismatch(event: count, found: event.change, expected: next.change)
      }
      return nil
    }
    if case .notice = event.change { return nil }
    guard let input = EngineInput(event.change) else {
      throw Mismatch(event: count, found: event.change, expected: nil)
    }
    let turn = machine.handle(input, at: event.time, firingAtMost: input == .proceed ? 1 : 0)
    guard turn.events.first == event else {
      throw Mismatch(event: count, found: event.change, expected: turn.events.first?.change)
    }
    expected.append(contentsOf: turn.events.dropFirst())
    return turn
  }

  public var missingEvents: [RunEvent] { Array(expected) }
}
