import ArgumentParser
import Engine
import HumanText
import JobProtocol
import Runner
import Workflow

/// `hflow-tui pause <run>`
struct PauseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Stop starting jobs; running jobs continue",
    discussion: "Example: hflow-tui pause last")

  @OptionGroup var choice: ControlledRun

  func run() throws {
    try ControlSession.begin(choice).perform(startsEngine: false) { run in
      if run.isPaused { return .nothing(["run \(run.shortID) is already paused"]) }
      return ControlPlan(
        requests: [.pause],
        confirmation: .run { change in
          let jobs = Formats.counted(run.counts[.running], "job runs", "jobs run")
          return change == .paused ? "run \(run.shortID): paused, \(jobs)" : nil
        })
    }
  }
}

/// `hflow-tui continue <run>`
struct ContinueCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "continue", abstract: "Start jobs again after a pause or a fail-fast stop",
    discussion: "Example: hflow-tui continue last")

  @OptionGroup var choice: ControlledRun

  func run() throws {
    try ControlSession.begin(choice).perform(startsEngine: true) { run in
      guard run.canContinue else {
        return .nothing(["run \(run.shortID) is not paused"])
      }
      return ControlPlan(
        requests: [.continue],
        confirmation: .run { $0 == .continued ? "run \(run.shortID): continued" : nil })
    }
  }
}

/// `hflow-tui slots <run> <count>`
struct SlotsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "slots", abstract: "Set how many jobs run at a time",
    discussion: """
      With workers on several hosts, the number applies to each worker.

      Example: hflow-tui slots last 8
      """)

  @OptionGroup var choice: ControlledRun

  @Argument(help: "Number of slots, at least 1")
  var count: Int

  func validate() throws {
    let range = ExecutorOrder.chosenSlots
    guard range.contains(count) else {
      throw ValidationError("slots must be a number from 1 to \(range.upperBound), found \(count)")
    }
  }

  func run() throws {
    try ControlSession.begin(choice).perform(startsEngine: false) { run in
      let slots = Formats.counted(count, "slot")
      if run.slots == count { return .nothing(["run \(run.shortID) already has \(slots)"]) }
      return ControlPlan(
        requests: [.slots(count)],
        confirmation: .run { change in
          change == .slotsChanged(count) ? "run \(run.shortID): \(slots)" : nil
        })
    }
  }
}

/// `hflow-tui fail-fast <run> on|off`
struct FailFastCommand: ParsableCommand {
  enum Switch: String, ExpressibleByArgument, CaseIterable { case on, off }

  static let configuration = CommandConfiguration(
    commandName: "fail-fast", abstract: "Stop the run at the first failure, or keep going",
    discussion: "Example: hflow-tui fail-fast last on")

  @OptionGroup var choice: ControlledRun

  @Argument(help: "Whether the first failure stops the run")
  var value: Switch

  func run() throws {
    let on = value == .on
    try ControlSession.begin(choice).perform(startsEngine: false) { run in
      if run.failsFast == on {
        return .nothing(["run \(run.shortID): fail-fast is already \(value.rawValue)"])
      }
      return ControlPlan(
        requests: [.failFast(on)],
        confirmation: .run { change in
          change == .failFastChanged(on)
            ? "run \(run.shortID): fail-fast is \(value.rawValue)" : nil
        })
    }
  }
}

/// `hflow-tui drain <run> <worker>`
struct DrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain", abstract: "Let a worker finish its jobs, then exit",
    discussion: "Example: hflow-tui drain last node-b-4711")

  @OptionGroup var choice: ControlledRun

  @Argument(help: "The worker's name or its first letters")
  var worker: String

  func run() throws {
    try ControlSession.begin(choice).perform(startsEngine: false) { run in
      let all = run.workers.filter { !$0.isGone }.map(\.name)
      // A complete name takes precedence over a prefix of other names.
      let workers = all.contains(worker) ? [worker] : all.filter { $0.hasPrefix(worker) }
      guard workers.count == 1 else {
        let names = all.map(\.displayName)
        throw Failure(
          .usage,
          "\(workers.isEmpty ? "no worker matches" : "several workers match") "
            + "\(worker.debugDescription); workers: \(names.joined(separator: ", "))")
      }
      let notice = DrainNotice.text(workers[0])
      return ControlPlan(
        requests: [.drain(worker: workers[0])],
        confirmation: .run { $0 == .notice(notice) ? notice.displayName : nil })
    }
  }
}

/// `hflow-tui stop <run>`
struct StopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "Cancel all jobs and end the run",
    discussion: "Example: hflow-tui stop last")

  @OptionGroup var choice: ControlledRun

  func run() throws {
    let session = try ControlSession.begin(choice)
    let run = "run \(session.run.short)"
    try session.performAtOnce { condition in
      if condition.isStopping { return .nothing(["\(run) is already stopping"]) }
      return ControlPlan(
        requests: [.stop],
        confirmation: .run { change in
          switch change {
          case .stopRequested, .runFinished:
            "\(run): stopped, its jobs are cancelled"
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
    abstract: "Close a run that waits for retries",
    discussion: """
      A run that has failed stays open while a screen shows it.

      Example: hflow-tui close last
      """)

  @OptionGroup var choice: ControlledRun

  func run() throws {
    let found = try choice.run.find()
    switch try found.stopOrphanedRedis() {
    case .none: break
    case .stopped:
      return Console.print("run \(found.run.short) was already closed; stopped its Redis")
    case .inUse:
      return Console.print(
        "run \(found.run.short) was already closed; its Redis stops when the last viewer leaves")
    }
    try ControlSession.begin(choice).perform(startsEngine: false) { run in
      guard run.settledAt != nil else {
        throw Failure(
          .usage,
          run.isStopping
            ? "run \(run.shortID) is already stopping"
            : "run \(run.shortID) is still running; to stop it: hflow-tui stop \(run.shortID)")
      }
      return ControlPlan(
        requests: [.close],
        confirmation: .run { change in
          guard case .runFinished(let status) = change else { return nil }
          return "run \(run.shortID): closed, \(status.word)"
        })
    }
  }
}
