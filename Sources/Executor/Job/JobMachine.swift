import JobProtocol

/// The state of one job in this executor, as a value: events go in, actions come out.
///
/// | state | event | next | actions |
/// |---|---|---|---|
/// | taken | begin, inputs wanted | waitingForInputs | watchInputs |
/// | taken | begin | starting | spawn |
/// | taken, waitingForInputs, delayingRetry | stop | finished | finish |
/// | waitingForInputs | inputsReady | starting | spawn |
/// | waitingForInputs | inputsMissing | finished | finish(error) |
/// | starting | spawned | running | – |
/// | starting | spawnFailed | finished | finish |
/// | running | childEnded, output open | draining | awaitOutput |
/// | running | childEnded, output closed | finished or delayingRetry | finish or delayRetry |
/// | running | stop | stopping | terminate |
/// | stopping | graceOver | stopping | kill |
/// | stopping | childEnded, group alive | clearing | awaitGroup |
/// | stopping | childEnded | finished | finish |
/// | draining | outputClosed, drainOver | finished or delayingRetry | finish or delayRetry |
/// | draining | stop | clearing | terminate, awaitGroup |
/// | clearing | groupGone | finished | finish |
/// | clearing | graceOver | finished | kill, finish |
/// | delayingRetry | delayOver | starting | spawn |
/// | any, at a success whose outputs are saved | – | saving | saveOutputs |
/// | saving | outputsSaved | finished | finish |
/// | saving | outputsLost | finished | finish |
/// | saving | stop | finished | finish |
///
/// Every other pair changes nothing, because events of processes and timers may come late. A
/// failed child leads to `delayingRetry` while attempts are left, but never after a stop. A job
/// that has failed before its stop keeps its own failure.
struct JobMachine: Equatable {
  enum State: Equatable {
    case taken
    case waitingForInputs
    case starting
    case running
    case stopping(Stop)
    case draining(Ending)
    case clearing(Ending)
    case delayingRetry
    /// The outputs are on their way to the run's directory.
    case saving
    case finished
  }

  /// Why the executor ends a job.
  enum Stop: Equatable {
    case cancelled
    case timeout(seconds: Double)
    /// The infrastructure ends the executor.
    case preempted

    var ending: Ending {
      switch self {
      case .cancelled: Ending(.cancelled)
      case .timeout(let seconds): Ending(.timeout(seconds: seconds))
      case .preempted: Ending(.lost("the infrastructure ended its worker"))
      }
    }
  }

  enum Event: Equatable {
    case begin
    case inputsReady
    case inputsMissing(Ending)
    case spawned
    case spawnFailed(Ending)
    case childEnded(Ending, outputOpen: Bool, groupAlive: Bool)
    case outputClosed
    case drainOver
    case stop(Stop)
    case graceOver
    case groupGone
    case delayOver
    case outputsSaved
    case outputsLost(Ending)
  }

  enum Action: Equatable {
    case watchInputs
    case spawn
    /// TERM to the process group, then `graceOver` after the grace time.
    case terminate
    /// KILL to the process group.
    case kill
    /// The program has exited but its output is open: read until `drainOver`.
    case awaitOutput
    /// The program has exited but its group may live: wait for the group until `graceOver`.
    case awaitGroup
    /// Wait before the next attempt; the number is that of the failed attempt, from 1.
    case delayRetry(afterAttempt: Int)
    case saveOutputs
    case finish(Ending)
  }

  private(set) var state = State.taken
  private let wantsInputs: Bool
  private let savesOutputs: Bool
  private let attempts: Int
  private(set) var attempt = 1

  /// - Parameter attempts: in total, at least one.
  init(wantsInputs: Bool = false, savesOutputs: Bool = false, attempts: Int = 1) {
    self.wantsInputs = wantsInputs
    self.savesOutputs = savesOutputs
    self.attempts = attempts
  }

  var isStopping: Bool {
    if case .stopping = state { true } else { false }
  }

  mutating func handle(_ event: Event) -> [Action] {
    switch (state, event) {
    case (.taken, .begin):
      state = wantsInputs ? .waitingForInputs : .starting
      return [wantsInputs ? .watchInputs : .spawn]
    case (.waitingForInputs, .inputsReady), (.delayingRetry, .delayOver):
      state = .starting
      return [.spawn]
    case (.waitingForInputs, .inputsMissing(let ending)):
      return finish(ending)
    case (.taken, .stop(let stop)), (.waitingForInputs, .stop(let stop)),
      (.delayingRetry, .stop(let stop)), (.saving, .stop(let stop)):
      return finish(stop.ending)
    case (.saving, .outputsSaved):
      return finish(.succeeded)
    case (.saving, .outputsLost(let ending)):
      return finish(ending)
    case (.starting, .spawned):
      state = .running
      return []
    case (.starting, .spawnFailed(let ending)):
      return finish(ending)
    default:
      return handleAfterSpawn(event)
    }
  }

  /// The states with a child, or after it.
  private mutating func handleAfterSpawn(_ event: Event) -> [Action] {
    switch (state, event) {
    case (.running, .childEnded(let ending, outputOpen: true, _)):
      state = .draining(ending)
      return [.awaitOutput]
    case (.running, .childEnded(let ending, outputOpen: false, _)):
      return close(ending)
    case (.running, .stop(let stop)):
      state = .stopping(stop)
      return [.terminate]
    case (.stopping, .graceOver):
      return [.kill]
    case (.stopping(let stop), .childEnded(_, _, groupAlive: true)):
      state = .clearing(stop.ending)
      return [.awaitGroup]
    case (.stopping(let stop), .childEnded(_, _, groupAlive: false)):
      return finish(stop.ending)
    case (.clearing(let ending), .groupGone):
      return finish(ending)
    case (.clearing(let ending), .graceOver):
      return [.kill] + finish(ending)
    case (.draining(let ending), .outputClosed), (.draining(let ending), .drainOver):
      return close(ending)
    case (.draining(let ending), .stop(let stop)):
      let failedBefore = ending != .succeeded && stop != .cancelled
      state = .clearing(failedBefore ? ending : stop.ending)
      return [.terminate, .awaitGroup]
    default:
      return []
    }
  }

  private mutating func close(_ ending: Ending) -> [Action] {
    if ending == .succeeded, savesOutputs {
      state = .saving
      return [.saveOutputs]
    }
    guard ending != .succeeded, attempt < attempts else { return finish(ending) }
    state = .delayingRetry
    attempt += 1
    return [.delayRetry(afterAttempt: attempt - 1)]
  }

  private mutating func finish(_ ending: Ending) -> [Action] {
    state = .finished
    return [.finish(ending)]
  }
}
