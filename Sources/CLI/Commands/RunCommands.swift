import ArgumentParser
import Engine
import HumanText
import JobProtocol
import Runner
import Workflow

/// `hflow-tui pause <run>`
struct PauseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Start no new jobs; those that run go on.")

  @OptionGroup var choice: ControlledRun

  func run() throws {
    try ControlSession.begin(choice).perform(wakes: false) { run in
      if run.isPaused { return .nothing(["run \(run.shortID) is paused already"]) }
      return ControlDeed(
        requests: [.pause],
        awaited: .run { change in
          let jobs = Formats.counted(run.counts[.running], "job runs", "jobs run")
          return change == .paused ? "run \(run.shortID): paused, \(jobs)" : nil
        })
    }
  }
}

/// `hflow-tui continue <run>`
struct ContinueCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "continue", abstract: "End a pause, or go on after --fail-fast has stopped a run.")

  @OptionGroup var choice: ControlledRun

  func run() throws {
    try ControlSession.begin(choice).perform(wakes: true) { run in
      guard run.canContinue else {
        return .nothing(["run \(run.shortID) is not paused"])
      }
      return ControlDeed(
        requests: [.continue],
        awaited: .run { $0 == .continued ? "run \(run.shortID): continued" : nil })
    }
  }
}

/// `hflow-tui slots <run> <count>`
struct SlotsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "slots", abstract: "Change how many jobs run at a time on the run's own executors."
  )

  @OptionGroup var choice: ControlledRun

  @Argument(help: "How many, from 1.")
  var count: Int

  func validate() throws {
    let range = ExecutorOrder.chosenSlots
    guard range.contains(count) else {
      throw ValidationError("slots needs a number from 1 to \(range.upperBound), found \(count)")
    }
  }

  func run() throws {
    try ControlSession.begin(choice).perform(wakes: false) { run in
      let slots = Formats.counted(count, "slot")
      if run.slots == count { return .nothing(["run \(run.shortID) has \(slots) already"]) }
      return ControlDeed(
        requests: [.slots(count)],
        awaited: .run { change in
          change == .slotsChanged(count) ? "run \(run.shortID): \(slots)" : nil
        })
    }
  }
}

/// `hflow-tui fail-fast <run> on|off`
struct FailFastCommand: ParsableCommand {
  enum Switch: String, ExpressibleByArgument, CaseIterable { case on, off }

  static let configuration = CommandConfiguration(
    commandName: "fail-fast", abstract: "Say whether the first failed task stops the run.")

  @OptionGroup var choice: ControlledRun

  @Argument(help: "on or off.")
  var value: Switch

  func run() throws {
    let on = value == .on
    try ControlSession.begin(choice).perform(wakes: false) { run in
      if run.failsFast == on {
        return .nothing(["run \(run.shortID): fail-fast is \(value.rawValue) already"])
      }
      return ControlDeed(
        requests: [.failFast(on)],
        awaited: .run { change in
          change == .failFastChanged(on)
            ? "run \(run.shortID): fail-fast is \(value.rawValue)" : nil
        })
    }
  }
}

/// `hflow-tui drain <run> <worker>`
struct DrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain", abstract: "Let a worker end the jobs it has and leave.")

  @OptionGroup var choice: ControlledRun

  @Argument(help: "The worker's name or its beginning, as `report` and the screen show it.")
  var worker: String

  func run() throws {
    try ControlSession.begin(choice).perform(wakes: false) { run in
      let all = run.workers.filter { !$0.isGone }.map(\.name)
      // Another worker's name may begin with the whole name of this one.
      let workers = all.contains(worker) ? [worker] : all.filter { $0.hasPrefix(worker) }
      guard workers.count == 1 else {
        let names = all.map(\.displayName)
        throw Failure(
          .usage,
          "\(workers.isEmpty ? "no worker" : "several workers") "
            + "\(worker.debugDescription); there are: \(names.joined(separator: ", "))")
      }
      let said = DrainNotice.text(workers[0])
      return ControlDeed(
        requests: [.drain(worker: workers[0])],
        awaited: .run { $0 == .notice(said) ? said.displayName : nil })
    }
  }
}

/// `hflow-tui stop <run>`
struct StopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "Cancel everything and end the run.")

  @OptionGroup var choice: ControlledRun

  func run() throws {
    try ControlSession.begin(choice).perform(wakes: false) { run in
      if run.isStopping { return .nothing([run.stopping]) }
      let jobs = Formats.counted(run.counts[.running], "running job is", "running jobs are")
      return ControlDeed(
        requests: [.stop],
        awaited: .run { change in
          switch change {
          case .stopRequested, .runFinished:
            "run \(run.shortID): stopped, \(jobs) cancelled"
          default: nil
          }
        })
    }
  }
}

/// `hflow-tui close <run>`
struct CloseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "close",
    abstract: "Close a run that can go no further, although somebody watches it.")

  @OptionGroup var choice: ControlledRun

  func run() throws {
    let found = try choice.run.find()
    switch try found.endLeftRedis() {
    case .none: break
    case .ended:
      return Terminal.say("run \(found.run.short): closed already, its Redis has ended now")
    case .lookedAt:
      return Terminal.say(
        "run \(found.run.short): closed already; its Redis ends when nobody looks at it any more")
    }
    try ControlSession.begin(choice).perform(wakes: false) { run in
      guard run.settledAt != nil else {
        throw Failure(
          .usage,
          run.isStopping
            ? run.stopping
            : "run \(run.shortID) goes on; `hflow-tui stop \(run.shortID)` ends it")
      }
      return ControlDeed(
        requests: [.close],
        awaited: .run { change in
          guard case .runFinished(let status) = change else { return nil }
          return "run \(run.shortID): closed, \(status.word)"
        })
    }
  }
}

extension RunState {
  /// Why neither stopping nor closing is of use now.
  fileprivate var stopping: String { "run \(shortID) is stopping; its jobs are being ended" }
}
