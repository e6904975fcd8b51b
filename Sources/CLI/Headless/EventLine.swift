import Engine
import JSONValue
import JobProtocol
import Runner
import Workflow

/// An event as `--json` prints it: the journal's JSON with task and signal names added. The
/// last event, `runFinished`, also has the figures of the whole run.
enum EventLine {
  /// An event about many attempts is a line for each of them.
  static func texts(_ event: RunEvent, in run: RunState) -> [String] {
    switch event.change {
    case .cancelsRequested(let list):
      run.attempts(in: list).map { text(RunEvent(time: event.time, .cancelRequested($0)), in: run) }
    case .jobsCancelled(let list):
      run.attempts(in: list).map { attempt in
        let end = RunEvent.Change.jobFinished(
          attempt, .failed(.cancelled), JobUsage(), outputs: nil)
        return text(RunEvent(time: event.time, end), in: run)
      }
    default: [text(event, in: run)]
    }
  }

  private static func text(_ event: RunEvent, in run: RunState) -> String {
    guard var members = event.json.object else { return event.json.text }
    if let firing = event.change.firing {
      members["task"] = .string(run.workflow.label(process: firing.process, firing: firing.number))
    }
    switch event.change {
    case .signalSent(let signal, _, _): members["name"] = .string(run.workflow[signal].name)
    case .runSettled: members["blocked"] = blocked(in: run)
    case .runFinished:
      members["run"] = run.info.map { .string($0.run) }
      members["tasks"] = tasks(in: run)
      members["blocked"] = blocked(in: run)
    default: break
    }
    return JSON.object(members).text
  }

  /// An event that is in no journal, because Redis cannot be reached.
  static func text(_ change: OutageChange, at time: Int) -> String {
    switch change {
    case .lost(let reason):
      JSON.object(["event": "redisLost", "time": .int(time), "reason": .string(reason)]).text
    case .back(let milliseconds):
      JSON.object(["event": "redisBack", "time": .int(time), "after": .int(milliseconds)]).text
    }
  }

  private static func tasks(in run: RunState) -> JSON {
    let counts = run.counts
    return .object(
      JSONObject(TaskState.allCases.map { ("\($0)", .int(counts[$0])) }))
  }

  private static func blocked(in run: RunState) -> JSON {
    .array(
      run.blocked.map { blocked in
        let firing = run.processes[blocked.process.number - 1].tasks.count + 1
        let missingInputs = blocked.missingInputs.map { input -> JSON in
          [
            "signal": .string(run.workflow[input.signal].name), "have": .int(input.have),
            "need": .int(input.need),
          ]
        }
        return [
          "process": .int(blocked.process.number),
          "task": .string(run.workflow.label(process: blocked.process, firing: firing)),
          "lacks": .array(missingInputs),
        ]
      })
  }
}
