public import Engine
import JobProtocol
import Workflow

/// What there is to say about a run afterwards (or so far), computed from its state: the one source
/// of the page, the JSON text and the table for spreadsheets.
///
/// Pure: the time, the time zone and the output of the failed tasks are arguments.
public struct RunReport: Sendable {
  public let summary: RunFigures
  /// In topological order, as in the graph.
  public let stages: [StageFigures]
  /// What failed and why, the largest group first.
  public let failures: [FailureFigures]
  /// Processes that lack signals which will not come.
  public let blockages: [Blockage]
  public let timeline: Timeline
  public let path: CriticalPath
  /// Every task that has fired, by process and firing.
  public let tasks: [TaskFigures]
  /// Who lacked what, which engine took over, which reports came too late; oldest first.
  public let notices: [Notice]

  public struct Notice: Sendable, Equatable {
    public let time: Int
    public let text: String
  }

  /// - Parameters:
  ///   - tails: the last lines of output of failed tasks, as far as somebody has them.
  ///   - now: milliseconds since 1970; what runs, runs until then.
  public init(_ run: RunState, tails: [FiringID: OutputTail] = [:], now: Int) {
    let path = CriticalPath(run)
    let onPath = Set(path.steps.map(\.task))
    tasks = run.processes.flatMap { process in
      process.tasks.map { TaskFigures($0, in: run, isOnPath: onPath.contains($0.id)) }
    }
    self.path = path
    let timeline = Timeline(run, now: now)
    self.timeline = timeline
    summary = RunFigures(run, tasks: tasks, timeline: timeline, now: now)
    stages = StageFigures.all(of: run, tasks: tasks)
    failures = run.failureGroups.map { FailureFigures($0, in: run, tails: tails) }
    blockages = run.blocked.map { Blockage($0, in: run) }
    notices = run.notices.map { Notice(time: $0.time, text: $0.text) }
  }
}

/// The end of a job's output.
public struct OutputTail: Sendable, Equatable {
  /// Without line ends and without escape sequences.
  public let lines: [String]
  public let isStandardError: Bool

  public init(lines: [String], isStandardError: Bool) {
    self.lines = lines
    self.isStandardError = isStandardError
  }
}

/// A process that could not fire (again), in words.
public struct Blockage: Sendable, Equatable {
  /// The label of the task that would have been next.
  public let task: String
  public let lacks: [Lack]

  public struct Lack: Sendable, Equatable {
    public let signal: String
    public let have: Int
    public let need: Int
  }

  init(_ blocked: BlockedProcess, in run: RunState) {
    let place = blocked.process.number - 1
    let fired = run.processes.indices.contains(place) ? run.processes[place].tasks.count : 0
    task = run.label(FiringID(blocked.process, fired + 1))
    lacks = blocked.lacks.map { lack in
      let isKnown = run.workflow.signals.indices.contains(lack.signal.number - 1)
      return Lack(
        signal: isKnown ? run.workflow[lack.signal].name : "signal \(lack.signal)",
        have: lack.have, need: lack.need)
    }
  }
}

extension RunState {
  /// A task's name; it may contain anything.
  func label(_ task: FiringID) -> String {
    guard processes.indices.contains(task.process.number - 1) else { return "\(task)" }
    return workflow.label(process: task.process, firing: task.number)
  }
}
