import Engine
import JSONValue
import JobProtocol

/// The run in the Trace Event Format, which ui.perfetto.dev and chrome://tracing open.
///
/// | of the run | in the trace |
/// |---|---|
/// | worker | a process; without its name, the host of one-shot executors |
/// | slot | a thread of it |
/// | time in which an attempt runs | a slice of its slot |
/// | attempt and its phases | nested asynchronous slices of the process 1 |
/// | critical path | the thread 1 of the process 1, and arrows between slices |
/// | number of running jobs | a counter of the process 1 |
///
/// Times are in microseconds since the start of the run. Names are unchanged: JSON escapes them.
extension RunReport {
  public var traceEvents: [UInt8] {
    var trace = TraceWriter(start: timeline.range.lowerBound)
    addRun(to: &trace)
    addAttempts(to: &trace)
    let slices = addSlots(to: &trace)
    addPath(slices, to: &trace)
    return trace.finished(about: [
      "run": .string(summary.run), "workflow": .string(summary.name),
      "status": .string(summary.status.rawValue),
      "startedAt": .int(timeline.range.lowerBound),
    ])
  }

  private func addRun(to trace: inout TraceWriter) {
    trace.name(process: TraceWriter.run, "run \(summary.shortID) of \(summary.name)", order: 0)
    trace.name(thread: 1, of: TraceWriter.run, "critical path")
    for (time, count) in timeline.jobsAtOnce {
      var members = JSONObject()
      members["args"] = ["jobs": .int(count)]
      trace.add("C", "running jobs", at: time, TraceWriter.run, members)
    }
  }

  private func addAttempts(to trace: inout TraceWriter) {
    for task in tasks {
      for attempt in task.attempts {
        let id = JSON.string("\(AttemptID(task.id, attempt.number))")
        let end = attempt.endedAt ?? timeline.range.upperBound
        var members = JSONObject()
        members["cat"] = "attempt"
        members["id"] = id
        var first = members
        first["args"] = arguments(of: attempt, task)
        trace.add("b", task.label, at: attempt.madeAt, TraceWriter.run, first)
        var time = attempt.madeAt
        for phase in AttemptTimes.Phase.allCases {
          guard let length = attempt.times[phase], length > 0 else { continue }
          trace.add("b", phase.word, at: time, TraceWriter.run, members)
          time += length
          trace.add("e", phase.word, at: time, TraceWriter.run, members)
        }
        trace.add("e", task.label, at: max(time, end), TraceWriter.run, members)
      }
    }
  }

  /// Returns where the slices of the tasks of the critical path are.
  private func addSlots(to trace: inout TraceWriter) -> [FiringID: [TraceSlice]] {
    let onPath = Set(path.steps.map(\.task))
    var found: [FiringID: [TraceSlice]] = [:]
    var process = TraceWriter.run
    var worker: String?
    for lane in timeline.lanes {
      if lane.worker != worker {
        process += 1
        worker = lane.worker
        trace.name(process: process, lane.worker, order: process)
      }
      trace.name(thread: lane.slot, of: process, "slot \(lane.slot)")
      for bar in lane.bars {
        var members = JSONObject()
        members["cat"] = .string(name(ofStage: bar.stage))
        members["args"] = arguments(of: bar)
        if bar.result == .failed { members["cname"] = "terrible" }
        let slice = TraceSlice(process: process, thread: lane.slot, range: bar.start...bar.end)
        trace.add(bar.label, slice, members)
        if onPath.contains(bar.attempt.firing) {
          found[bar.attempt.firing, default: []].append(slice)
        }
      }
    }
    return found
  }

  /// An arrow leads from the end of a step's slice to the slice of the next step.
  private func addPath(_ slices: [FiringID: [TraceSlice]], to trace: inout TraceWriter) {
    var before: TraceSlice?
    for (number, step) in path.steps.enumerated() {
      var arguments = JSONObject()
      arguments["after"] = .string("\(step.link)")
      for phase in AttemptTimes.Phase.allCases where step.phases[phase] > 0 {
        arguments["\(phase.word)_ms"] = .int(step.phases[phase])
      }
      var members = JSONObject()
      members["cat"] = "critical path"
      members["args"] = .object(arguments)
      trace.add(
        step.label, TraceSlice(process: TraceWriter.run, thread: 1, range: step.range), members)
      let own = (slices[step.task] ?? []).filter { step.range.overlaps($0.range) }
      if let before, let first = own.first { trace.addArrow(number, from: before, to: first) }
      before = own.last
    }
  }

  private func name(ofStage stage: Int) -> String {
    stages.indices.contains(stage) ? stages[stage].name : ""
  }

  private func arguments(of bar: Timeline.Bar) -> JSON {
    ["attempt": .int(bar.attempt.number), "outcome": .string("\(bar.result)")]
  }

  private func arguments(of attempt: AttemptFigures, _ task: TaskFigures) -> JSON {
    var members = JSONObject()
    members["attempt"] = .int(attempt.number)
    members["stage"] = .string(name(ofStage: task.stage))
    members["command"] = .string(task.command)
    members["outcome"] = .string(attempt.outcome.map(\.word) ?? "running")
    members["cause"] = attempt.cause.map { .string($0.summary) }
    members["detail"] = attempt.outcomeText.isEmpty ? nil : .string(attempt.outcomeText)
    members["reason"] = attempt.reason.map { .string($0.rawValue) }
    members["worker"] = attempt.executor.map { .string($0.name) }
    members["host"] = attempt.executor.map { .string($0.host) }
    members["user_ms"] = .int(attempt.usage.userMilliseconds)
    members["system_ms"] = .int(attempt.usage.systemMilliseconds)
    members["max_rss_kb"] = .int(attempt.usage.maxResidentKilobytes)
    return .object(members)
  }
}

extension JobOutcome {
  var word: String { self == .succeeded ? "succeeded" : "failed" }
}

/// The place of a slice.
private struct TraceSlice {
  let process: Int
  let thread: Int
  let range: ClosedRange<Int>
}

/// Writes events as text at once: a large run has millions.
private struct TraceWriter {
  /// The process of what belongs to no worker.
  static let run = 1

  private let start: Int
  private var text = Array(#"{"traceEvents":["#.utf8)
  private var isFirst = true

  init(start: Int) { self.start = start }

  mutating func add(
    _ kind: String, _ name: String, at time: Int, _ process: Int, thread: Int = 1,
    _ members: JSONObject = JSONObject()
  ) {
    var event = JSONObject()
    event["ph"] = .string(kind)
    event["name"] = .string(name)
    event["ts"] = .int((time - start) * 1000)
    event["pid"] = .int(process)
    event["tid"] = .int(thread)
    for (key, value) in members.members { event[key] = value }
    write(.object(event))
  }

  mutating func add(_ name: String, _ slice: TraceSlice, _ members: JSONObject) {
    var members = members
    members["dur"] = .int((slice.range.upperBound - slice.range.lowerBound) * 1000)
    add("X", name, at: slice.range.lowerBound, slice.process, thread: slice.thread, members)
  }

  /// Both ends lie within their slices, because they are bound by their times.
  mutating func addArrow(_ number: Int, from source: TraceSlice, to target: TraceSlice) {
    var members = JSONObject()
    members["cat"] = "critical path"
    members["id"] = .int(number)
    let last = max(source.range.lowerBound, source.range.upperBound - 1)
    add(
      "s", "critical path", at: last, source.process, thread: source.thread, members)
    var end = members
    end["bp"] = "e"
    add(
      "f", "critical path", at: target.range.lowerBound, target.process, thread: target.thread,
      end)
  }

  mutating func name(process: Int, _ name: String, order: Int) {
    write([
      "ph": "M", "name": "process_name", "pid": .int(process), "args": ["name": .string(name)],
    ])
    write([
      "ph": "M", "name": "process_sort_index", "pid": .int(process),
      "args": ["sort_index": .int(order)],
    ])
  }

  mutating func name(thread: Int, of process: Int, _ name: String) {
    write([
      "ph": "M", "name": "thread_name", "pid": .int(process), "tid": .int(thread),
      "args": ["name": .string(name)],
    ])
  }

  private mutating func write(_ event: JSON) {
    text.append(contentsOf: (isFirst ? "\n" : ",\n").utf8)
    isFirst = false
    event.write(to: &text)
  }

  func finished(about run: JSON) -> [UInt8] {
    var text = text
    text.append(contentsOf: "\n],\"displayTimeUnit\":\"ms\",\"otherData\":".utf8)
    run.write(to: &text)
    text.append(contentsOf: "}\n".utf8)
    return text
  }
}
