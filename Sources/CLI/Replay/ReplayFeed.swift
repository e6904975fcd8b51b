import Engine
import HumanText
import JobProtocol
import Posix
import Runner
import Synchronization
import TUI
import Workflow

/// Feeds the screen's mailbox from the journal of a run as if it happened now, with a time that can
/// be stopped, hurried and moved.
final class ReplayFeed: Sendable {
  private struct State {
    var clock: ReplayClock
    var player: ReplayPlayer
    var told: ReplayState?
  }

  private let state: Mutex<State>
  private let mailbox: Mailbox
  private let logs: ReplayLogs
  private let beat = Mutex<Task<Void, Never>?>(nil)

  private static let beatMilliseconds = 50
  /// What a person waits for where nothing happens, in milliseconds of their time.
  private static let idleMilliseconds = 2000.0

  init(_ player: ReplayPlayer, of opened: OpenedRun, speed: Double, mailbox: Mailbox) {
    let clock = ReplayClock(
      range: player.range, speed: speed, at: Clock.monotonicMilliseconds)
    state = Mutex(State(clock: clock, player: player))
    self.mailbox = mailbox
    logs = ReplayLogs(opened, end: player.range.upperBound) { mailbox.send($0) }
  }

  /// Where it stands.
  var standing: ReplayState { state.withLock { Self.standing($0) } }

  func start() {
    let task = Task {
      for await _ in Ticker.ticks(every: Self.beatMilliseconds) { self.go() }
    }
    beat.withLock { $0 = task }
  }

  func stop() { beat.withLock { $0?.cancel() } }

  /// Never blocks for long: called on the screen's thread.
  func perform(_ effect: WorldEffect) {
    switch effect {
    case .replay(let request): Task { self.take(request) }
    case .followLogs(let wish): logs.follow(wish)
    case .control: mailbox.send(.notice("this is a replay: nothing can be changed"))
    case .save(let text, let path): Task { SavedText.save(text, to: path, telling: self.mailbox) }
    case .inspectFiles(let question):
      Task { self.mailbox.send(.files(FileLook.facts(question))) }
    case .finished, .watchWorkers, .tailLogs: break
    case .listRuns, .switchRun, .resume:
      mailbox.send(.notice("a replay shows one run: leave it first"))
    }
  }

  private func take(_ request: ReplayRequest) {
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

  private func go() {
    state.withLock { advance(&$0, at: Clock.monotonicMilliseconds) }
  }

  /// Sends what has happened up to now, or, after a step back, the run as it was.
  private func advance(_ state: inout State, at now: Int) {
    let position = state.clock.position(at: now)
    if position < state.told?.position ?? .min {
      state.player.rewind(to: position)
      logs.rewind()
      state.told = Self.standing(state, at: now)
      if let told = state.told { mailbox.send(.replay(told)) }
      mailbox.send(.rewound(state.player.state))
    } else {
      skipIdleness(&state, from: position, at: now)
      let events = state.player.play(until: state.clock.position(at: now))
      tell(&state, at: now)
      if !events.isEmpty { mailbox.send(.events(Array(events))) }
      logs.happened(events)
    }
    logs.move(to: state.clock.position(at: now))
  }

  private func skipIdleness(_ state: inout State, from position: Int, at now: Int) {
    let patience = Int(Self.idleMilliseconds * state.clock.speed)
    guard !state.clock.isPaused,
      let moment = state.player.endOfIdleness(after: position, longerThan: patience)
    else { return }
    state.clock.seek(to: moment - patience / 4, at: now)
    let skipped = Formats.duration(milliseconds: moment - patience / 4 - position)
    mailbox.send(.notice("skipped \(skipped) in which nothing ran"))
  }

  /// Tells where it stands when that looks different.
  private func tell(_ state: inout State, at now: Int) {
    let standing = Self.standing(state, at: now)
    guard standing != state.told else { return }
    state.told = standing
    mailbox.send(.replay(standing))
  }

  private static func standing(
    _ state: State, at now: Int = Clock.monotonicMilliseconds
  ) -> ReplayState {
    ReplayState(
      position: state.clock.position(at: now), range: state.clock.range,
      speed: state.clock.speed,
      isPaused: state.clock.isPaused || state.clock.isAtEnd(at: now))
  }
}
