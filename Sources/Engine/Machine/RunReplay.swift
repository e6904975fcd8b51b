import DequeModule
import JobProtocol
import Workflow

/// Comes back to a run's state from its journal: every turn's input is in its first event, and the
/// machine has to say the same again.
///
/// Any beginning of a journal gives the state of that moment. One that ends within a turn gives the
/// state after the whole turn; `missingEvents` are those that are not in the journal then. Firings
/// are replayed one by one, as many as the journal has: an engine may let any number of them happen
/// with an input, and the machine says with `mayProceed` that there are more.
public struct RunReplay: Sendable {
  public private(set) var machine: RunMachine
  private var expected: Deque<RunEvent> = []
  private var count = 0

  public init(_ machine: RunMachine) { self.machine = machine }

  /// The journal was not written by this program from this workflow.
  public struct Mismatch: Error, Equatable {
    /// Counts from 1.
    public let event: Int
    public let found: RunEvent.Change
    public let expected: RunEvent.Change?
  }

  /// Returns the whole turn with its first event.
  @discardableResult
  public mutating func take(_ event: RunEvent) throws(Mismatch) -> Turn? {
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
