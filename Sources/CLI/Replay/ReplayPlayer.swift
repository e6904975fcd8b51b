import Engine
import Workflow

/// Plays the events of a run. Going back starts again from the first event. A value.
struct ReplayPlayer: Sendable {
  let events: [RunEvent]
  private let start: RunState
  /// The run before the event `next`.
  private(set) var state: RunState
  /// The index of the first event that has not been played.
  private(set) var next = 0

  init(_ events: [RunEvent], of workflow: Workflow) {
    self.events = events
    start = RunState(workflow: workflow)
    state = start
  }

  /// The times from the first event to the latest. The last event need not be the latest,
  /// because the clocks of two engines may differ.
  var range: ClosedRange<Int> {
    let first = events.first?.time ?? 0
    return first...max(first, events.lazy.map(\.time).max() ?? first)
  }

  /// The length of the run without its idle time.
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

  /// Plays events up to a time and returns them.
  mutating func play(until time: Int) -> ArraySlice<RunEvent> {
    let first = next
    while next < events.count, events[next].time <= time {
      state.apply(events[next])
      next += 1
    }
    return events[first..<next]
  }

  /// Goes back to an earlier time.
  mutating func rewind(to time: Int) {
    state = start
    next = 0
    _ = play(until: time)
  }

  /// The time of the next event, if nothing runs until then and that takes longer than
  /// `limit`.
  func endOfIdlePeriod(after time: Int, longerThan limit: Int) -> Int? {
    guard next < events.count, isIdle else { return nil }
    let moment = events[next].time
    return moment - time > limit ? moment : nil
  }
}
