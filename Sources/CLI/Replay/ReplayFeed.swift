import Engine
import HumanText
import JobProtocol
import Posix
import Runner
import Synchronization
import TUI
import Workflow

/// Sends the events of a run to the screen as if they happened now. The user can pause, seek
/// and change the speed.
final class ReplayFeed: Sendable {
  private struct State {
    var clock: ReplayClock
    var player: ReplayPlayer
    var lastSent: ReplayState?
  }

  private let state: Mutex<State>
  private let messageQueue: MessageQueue
  private let logs: ReplayLogs
  private let timer = Mutex<Task<Void, Never>?>(nil)

  private static let tickMilliseconds = 50
  /// Idle time longer than this is skipped, in milliseconds of real time.
  private static let idleMilliseconds = 2000.0

  init(_ player: ReplayPlayer, of opened: OpenedRun, speed: Double, messageQueue: MessageQueue) {
    let clock = ReplayClock(
      range: player.range, speed: speed, at: Clock.monotonicMilliseconds)
    state = Mutex(State(clock: clock, player: player))
    self.messageQueue = messageQueue
    logs = ReplayLogs(opened, end: player.range.upperBound) { messageQueue.send($0) }
  }

  /// The position, speed and range to show.
  var shownState: ReplayState { state.withLock { Self.shownState($0) } }

  func start() {
    let task = Task {
      for await _ in Ticker.ticks(every: Self.tickMilliseconds) { self.tick() }
    }
    timer.withLock { $0 = task }
  }

  func stop() { timer.withLock { $0?.cancel() } }

  /// Does not block, because the screen's thread calls it.
  func perform(_ effect: WorldEffect) {
    switch effect {
    case .replay(let request): Task { self.apply(request) }
    case .followLogs(let subscription): logs.follow(subscription)
    case .control: messageQueue.send(.notice("a replay cannot change the run"))
    case .save(let text, let path):
      Task { SavedText.save(text, to: path, reportingTo: self.messageQueue) }
    case .inspectFiles(let question):
      Task { self.messageQueue.send(.files(FileInspector.facts(question))) }
    case .keep(let lines): Task { try? ConfigurationFile.save(lines) }
    case .finished, .watchWorkers, .tailLogs, .readOutputFiles: break
    case .listRuns, .switchRun, .returnToRun, .resume:
      messageQueue.send(.notice("not possible in a replay: leave it first"))
    }
  }

  private func apply(_ request: ReplayRequest) {
    state.withLock { state in
      let now = Clock.monotonicMilliseconds
      switch request {
      case .pause: state.clock.pause(at: now)
      case .speed(let speed): state.clock.setSpeed(speed, at: now)
      case .seek(let place): state.clock.seek(to: place, at: now)
      }
      advance(&state, at: now)
    }
  }

  private func tick() {
    state.withLock { advance(&$0, at: Clock.monotonicMilliseconds) }
  }

  /// Sends the events up to now, or, after a step back, the state at the new position.
  private func advance(_ state: inout State, at now: Int) {
    let position = state.clock.position(at: now)
    if position < state.lastSent?.position ?? .min {
      state.player.rewind(to: position)
      logs.rewind()
      state.lastSent = Self.shownState(state, at: now)
      if let lastSent = state.lastSent { messageQueue.send(.replay(lastSent)) }
      messageQueue.send(.rewound(state.player.state))
    } else {
      skipIdlePeriod(&state, from: position, at: now)
      let events = state.player.play(until: state.clock.position(at: now))
      sendPosition(&state, at: now)
      if !events.isEmpty { messageQueue.send(.events(Array(events))) }
      logs.follow(events)
    }
    logs.move(to: state.clock.position(at: now))
  }

  private func skipIdlePeriod(_ state: inout State, from position: Int, at now: Int) {
    let limit = Int(Self.idleMilliseconds * state.clock.speed)
    guard !state.clock.isPaused,
      let moment = state.player.endOfIdlePeriod(after: position, longerThan: limit)
    else { return }
    state.clock.seek(to: moment - limit / 4, at: now)
    let skipped = Formats.duration(milliseconds: moment - limit / 4 - position)
    messageQueue.send(.notice("skipped \(skipped) of idle time"))
  }

  /// Sends the position if it looks different on the screen.
  private func sendPosition(_ state: inout State, at now: Int) {
    let shownState = Self.shownState(state, at: now)
    guard shownState != state.lastSent else { return }
    state.lastSent = shownState
    messageQueue.send(.replay(shownState))
  }

  private static func shownState(
    _ state: State, at now: Int = Clock.monotonicMilliseconds
  ) -> ReplayState {
    ReplayState(
      position: state.clock.position(at: now), range: state.clock.range,
      speed: state.clock.speed,
      isPaused: state.clock.isPaused || state.clock.isAtEnd(at: now))
  }
}
