import Engine
import Workflow

/// Goes through the events of a run: forth event by event, back by beginning anew. A value.
struct ReplayPlayer: Sendable {
  let events: [RunEvent]
  private let start: RunState
  /// The run as of `next`.
  private(set) var state: RunState
  /// The first event that has not been played.
  private(set) var next = 0

  init(_ events: [RunEvent], of workflow: Workflow) {
    self.events = events
    start = RunState(workflow: workflow)
    state = start
  }

  /// From the first event to the last; times that go back count for nothing.
  var range: ClosedRange<Int> {
    let first = events.first?.time ?? 0
    return first...max(first, events.lazy.map(\.time).max() ?? first)
  }

  /// How long there is something to see: without time in which nothing was under way.
  var busyMilliseconds: Int {
    var player = self
    var (sum, last) = (0, range.lowerBound)
    for event in events {
      if !player.isIdle { sum += max(0, event.time - last) }
      last = max(last, event.time)
      player.state.apply(event)
    }
    return sum
  }

  private var isIdle: Bool { state.counts.active == 0 || state.isFinished }

  /// Plays up to a moment and returns what happened until then.
  mutating func play(until time: Int) -> ArraySlice<RunEvent> {
    let first = next
    while next < events.count, events[next].time <= time {
      state.apply(events[next])
      next += 1
    }
    return events[first..<next]
  }

  /// Goes to an earlier moment: the state is that of then.
  mutating func rewind(to time: Int) {
    state = start
    next = 0
    _ = play(until: time)
  }

  /// When something happens next, if nothing is under way until then: time in which a run was
  /// closed is not worth waiting for.
  func endOfIdleness(after time: Int, longerThan patience: Int) -> Int? {
    guard next < events.count, isIdle else { return nil }
    let moment = events[next].time
    return moment - time > patience ? moment : nil
  }
}
