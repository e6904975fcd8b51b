public import Engine
import JobProtocol
import Workflow

/// The figures of a run, computed from its state: the source of the HTML page, the JSON and the
/// CSV.
///
/// Pure: the time, the time zone and the output of failed tasks are arguments.
public struct RunReport: Sendable {
  public let summary: RunFigures
  /// In topological order, as in the graph.
  public let stages: [StageFigures]
  /// Failures by cause, the largest group first.
  public let failures: [FailureFigures]
  /// Processes that wait for signals that nobody sends.
  public let blockages: [Blockage]
  public let timeline: Timeline
  public let path: MeasuredPath
  /// Every task that has fired, by process and firing.
  public let tasks: [TaskFigures]
  /// Remarks in the journal, oldest first.
  public let notices: [Notice]

  public struct Notice: Sendable, Equatable {
    public let time: Int
    public let text: String
  }

  /// - Parameters:
  ///   - tails: the last lines of output of failed tasks, if known.
  ///   - now: milliseconds since 1970; running jobs are counted until then.
  ///   - isInterrupted: whether the engine died before the run was over.
  public init(
    _ run: RunState, tails: [FiringID: OutputTail] = [:], now: Int, isInterrupted: Bool = false
  ) {
    let path = MeasuredPath(run)
    let onPath = Set(path.steps.map(\.task))
    tasks = run.processes.flatMap { process in
      process.tasks.map { TaskFigures($0, in: run, isOnPath: onPath.contains($0.id)) }
    }
    self.path = path
    let timeline = Timeline(run, now: now)
    self.timeline = timeline
    summary = RunFigures(
      run, isInterrupted: isInterrupted, tasks: tasks, timeline: timeline, now: now)
    stages = StageFigures.all(of: run, tasks: tasks)
    failures = run.failureGroups.map { FailureFigures($0, in: run, tails: tails) }
    blockages = run.blocked.map { Blockage($0, in: run) }
    notices = run.notices.map { Notice(time: $0.time, text: $0.text) } + Self.fileWarnings(run)
  }
}

extension RunReport {
  /// Tasks that succeeded without a file that they declare.
  private static func fileWarnings(_ run: RunState) -> [Notice] {
    run.fileWarnings.compactMap { attempt in
      guard let record = run.record(of: attempt), !record.usage.missingFiles.isEmpty else {
        return nil
      }
      return Notice(
        time: record.endedAt ?? record.madeAt,
        text: "\(run.label(attempt.firing)): \(record.usage.missingFiles)")
    }
  }
}

/// The end of a job's output.
public struct OutputTail: Sendable, Equatable {
  /// Without line ends and escape sequences.
  public let lines: [String]
  public let isStandardError: Bool

  public init(lines: [String], isStandardError: Bool) {
    self.lines = lines
    self.isStandardError = isStandardError
  }
}

/// A process that could not fire, as text.
public struct Blockage: Sendable, Equatable {
  /// The label of the task that would have been next.
  public let task: String
  public let missingInputs: [MissingInput]

  public struct MissingInput: Sendable, Equatable {
    public let signal: String
    public let have: Int
    public let need: Int
  }

  init(_ blocked: BlockedProcess, in run: RunState) {
    let place = blocked.process.number - 1
    let fired = run.processes.indices.contains(place) ? run.processes[place].tasks.count : 0
    task = run.label(FiringID(blocked.process, fired + 1))
    missingInputs = blocked.missingInputs.map { input in
      let isKnown = run.workflow.signals.indices.contains(input.signal.number - 1)
      return MissingInput(
        signal: isKnown ? run.workflow[input.signal].name : "signal \(input.signal)",
        have: input.have, need: input.need)
    }
  }
}

extension RunState {
  /// A task's label; not safe to print.
  func label(_ task: FiringID) -> String {
    guard processes.indices.contains(task.process.number - 1) else { return "\(task)" }
    return workflow.label(process: task.process, firing: task.number)
  }
}
