import Engine
public import JSONValue
import JobProtocol
import Workflow

/// The report as JSON. Times are milliseconds since 1970, durations milliseconds, memory
/// kilobytes; names are unchanged. `report` is the version of the format.
extension RunReport {
  public var json: JSON {
    var members = summary.members
    members["stages"] = .array(stages.map(\.json))
    members["failures"] = .array(failures.map(\.json))
    members["blocked"] = .array(blockages.map(\.json))
    members["criticalPath"] = path.json
    members["tasks"] = .array(tasks.map { $0.json(stages: stages) })
    members["notices"] = .array(notices.map { ["time": .int($0.time), "text": .string($0.text)] })
    return .object(members)
  }
}

extension RunFigures {
  fileprivate var members: JSONObject {
    var members = JSONObject()
    members["report"] = 1
    members["run"] = .string(run)
    members["name"] = .string(name)
    members["status"] = .string(status.rawValue)
    members["finished"] = .bool(isFinished)
    members["interrupted"] = .bool(isInterrupted)
    members["directory"] = .string(directory)
    members["invoker"] = .string(invoker)
    members["startedAt"] = startedAt.map(JSON.int)
    members["settledAt"] = settledAt.map(JSON.int)
    members["elapsed"] = .int(elapsedMilliseconds)
    members["counts"] = counts.json
    members["attempts"] = .int(attemptCount)
    members["hosts"] = .array(hosts.map(JSON.string))
    members["phases"] = phases.json
    members["cpu"] = .int(cpuMilliseconds)
    members["bytesRead"] = .int(bytesRead)
    members["bytesWritten"] = .int(bytesWritten)
    members["largest"] = largest.map { task, kilobytes in
      ["task": .string(task), "maxResident": .int(kilobytes)]
    }
    members["jobsAtOnce"] = [
      "mean": .double(jobsAtOnce.mean), "most": .int(jobsAtOnce.maximum),
      "slots": .int(jobsAtOnce.slots),
    ]
    return members
  }
}

extension TaskCounts {
  fileprivate var json: JSON {
    .object(JSONObject(TaskState.allCases.map { ("\($0)", .int(self[$0])) }))
  }
}

extension PhaseSums {
  fileprivate var json: JSON {
    .object(JSONObject(AttemptTimes.Phase.allCases.map { ($0.word, .int(self[$0])) }))
  }
}

extension StageFigures {
  fileprivate var json: JSON {
    var members = JSONObject()
    members["name"] = .string(name)
    members["counts"] = counts.json
    members["run"] = run?.json
    members["cpu"] = .int(cpuMilliseconds)
    members["maxResident"] = .int(maxResidentKilobytes)
    members["retries"] = .int(retryCount)
    return .object(members)
  }
}

extension Distribution {
  fileprivate var json: JSON {
    [
      "count": .int(count), "sum": .int(sum), "least": .int(minimum), "median": .int(median),
      "p95": .int(p95), "most": .int(maximum),
    ]
  }
}

extension FailureFigures {
  fileprivate var json: JSON {
    var members = JSONObject()
    members["cause"] = .string(cause)
    members["signature"] = .string(signature)
    members["count"] = .int(count)
    members["tasks"] = .array(tasks.map(JSON.string))
    members["stages"] = .array(
      stages.map { ["name": .string($0.name), "count": .int($0.count)] })
    members["first"] = .int(failedAt.lowerBound)
    members["last"] = .int(failedAt.upperBound)
    members["waitingBehind"] = .int(waitingBehind)
    members["example"] = example.map(JSON.string)
    members["output"] = tail.map { .array($0.lines.map(JSON.string)) }
    return .object(members)
  }
}

extension Blockage {
  fileprivate var json: JSON {
    let missingInputs = missingInputs.map { input -> JSON in
      ["signal": .string(input.signal), "have": .int(input.have), "need": .int(input.need)]
    }
    return ["task": .string(task), "lacks": .array(missingInputs)]
  }
}

extension MeasuredPath {
  fileprivate var json: JSON {
    let steps = steps.map { step -> JSON in
      [
        "task": .string(step.label), "start": .int(step.range.lowerBound),
        "end": .int(step.range.upperBound), "after": .string("\(step.link)"),
        "phases": step.phases.json,
      ]
    }
    return [
      "total": .int(totalMilliseconds), "phases": phases.json, "steps": .array(steps),
    ]
  }
}

extension TaskFigures {
  fileprivate func json(stages: [StageFigures]) -> JSON {
    [
      "task": .string(label), "process": .int(id.process.number), "firing": .int(id.number),
      "stage": .string(stages.indices.contains(stage) ? stages[stage].name : ""),
      "state": .string("\(state)"), "critical": .bool(isOnPath), "command": .string(command),
      "attempts": .array(attempts.map(\.json)),
    ]
  }
}

extension AttemptFigures {
  fileprivate var json: JSON {
    var members = JSONObject()
    members["attempt"] = .int(number)
    members["reason"] = reason.map { .string($0.rawValue) }
    members["edit"] = edit?.json
    members["outcome"] = outcome.map { .string($0 == .succeeded ? "succeeded" : "failed") }
    members["cause"] = cause.map { .string($0.word) }
    members["detail"] = cause.map { .string($0.argument) }
    members["worker"] = executor.map { .string($0.name) }
    members["host"] = executor.map { .string($0.host) }
    members["madeAt"] = .int(madeAt)
    members["startedAt"] = times.startedAt.map(JSON.int)
    members["endedAt"] = endedAt.map(JSON.int)
    for phase in AttemptTimes.Phase.allCases {
      members[phase.word] = times[phase].map(JSON.int)
    }
    members["user"] = .int(usage.userMilliseconds)
    members["system"] = .int(usage.systemMilliseconds)
    members["maxResident"] = .int(usage.maxResidentKilobytes)
    members["bytesRead"] = .int(usage.bytesRead)
    members["bytesWritten"] = .int(usage.bytesWritten)
    members["missingFiles"] = usage.missingFiles.isEmpty ? nil : .string(usage.missingFiles)
    members["lastLine"] = usage.lastLine.isEmpty ? nil : .string(usage.lastLine)
    return .object(members)
  }
}
