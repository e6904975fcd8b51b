public import Engine
public import JSONValue
import JobProtocol
import Workflow

/// The run in OpenTelemetry's protocol as JSON (OTLP/JSON, `ExportTraceServiceRequest`).
///
/// | of the run | in OpenTelemetry |
/// |---|---|
/// | run | a trace, and its root span once the run has settled or its engine is gone |
/// | ended attempt | a child span, with a link to the attempt before it |
/// | submitted, taken, started | events of the span |
/// | failed, cause | status `ERROR`, `error.type`, `process.exit.code` |
/// | engine | the resource: `service.name`, `host.name` |
///
/// Ids follow from the run's id and the attempt, so a repeated export gives the same spans.
extension RunReport {
  /// - Parameters:
  ///   - version: of this program.
  ///   - limit: the number of spans of one request.
  public func openTelemetry(version: String, spansPerRequest limit: Int = .max) -> [JSON] {
    var sent: Set<AttemptID> = []
    return openTelemetry(version: version, spansPerRequest: limit, after: &sent, withRoot: true)
  }

  /// The spans of attempts that are not in `sent`, to which they are added.
  public func openTelemetry(
    version: String, spansPerRequest limit: Int, after sent: inout Set<AttemptID>, withRoot: Bool
  ) -> [JSON] {
    var requests: [JSON] = []
    var spans: [JSON] = []
    func flush() {
      if !spans.isEmpty { requests.append(request(spans, version)) }
      spans = []
    }
    let trace = SpanIDs(run: summary.run)
    if withRoot, let root = rootSpan(trace) { spans.append(root) }
    for task in tasks {
      for (place, attempt) in task.attempts.enumerated() {
        let id = AttemptID(task.id, attempt.number)
        guard !sent.contains(id) else { continue }
        let earlier = place > 0 ? task.attempts[place - 1].number : nil
        guard let made = span(of: attempt, after: earlier, task, trace) else { continue }
        if spans.count >= limit { flush() }
        spans.append(made)
        sent.insert(id)
      }
    }
    flush()
    return requests
  }

  private func request(_ spans: [JSON], _ version: String) -> JSON {
    var resource = OTelAttributes()
    resource.add("service.name", "hflow-tui")
    resource.add("service.version", version)
    resource.add("service.instance.id", summary.run)
    resource.add("host.name", summary.engine?.host)
    let scope: JSON = ["name": "hflow-tui", "version": .string(version)]
    let scopeSpans: JSON = ["scope": scope, "spans": .array(spans)]
    return [
      "resourceSpans": [
        ["resource": ["attributes": resource.json], "scopeSpans": [scopeSpans]]
      ]
    ]
  }

  private func rootSpan(_ trace: SpanIDs) -> JSON? {
    guard let start = summary.startedAt, summary.settledAt != nil || summary.isInterrupted else {
      return nil
    }
    let ends = tasks.flatMap(\.attempts).compactMap(\.endedAt)
    var attributes = OTelAttributes()
    attributes.add("hflow.run.id", summary.run)
    attributes.add("hflow.workflow.name", summary.name)
    attributes.add("hflow.run.status", summary.isInterrupted ? "interrupted" : summary.status.word)
    attributes.add("hflow.run.invoker", summary.invoker)
    attributes.add("hflow.run.directory", summary.directory)
    attributes.add("hflow.run.tasks", summary.counts.total)
    attributes.add("hflow.run.attempts", summary.attemptCount)
    let hasSucceeded = summary.status == .succeeded && !summary.isInterrupted
    var span = trace.span(summary.name, id: trace.root, parent: nil)
    span["startTimeUnixNano"] = Self.nanoseconds(start)
    span["endTimeUnixNano"] = Self.nanoseconds(
      max(start, summary.settledAt ?? ends.max() ?? start))
    span["attributes"] = attributes.json
    span["status"] = Self.status(
      hasSucceeded ? nil : summary.isInterrupted ? "interrupted" : summary.status.word)
    return .object(span)
  }

  private func span(
    of attempt: AttemptFigures, after earlier: Int?, _ task: TaskFigures, _ trace: SpanIDs
  ) -> JSON? {
    guard let end = attempt.endedAt, attempt.outcome != nil else { return nil }
    let id = AttemptID(task.id, attempt.number)
    var span = trace.span(task.label, id: trace.id(of: id), parent: trace.root)
    span["startTimeUnixNano"] = Self.nanoseconds(attempt.madeAt)
    span["endTimeUnixNano"] = Self.nanoseconds(max(attempt.madeAt, end))
    span["attributes"] = attributes(of: attempt, task)
    span["events"] = .array(events(of: attempt))
    if let earlier {
      let other = trace.id(of: AttemptID(task.id, earlier))
      span["links"] = [["traceId": .string(trace.trace), "spanId": .string(other)]]
    }
    span["status"] = Self.status(
      attempt.cause.map { $0.detail ?? $0.summary })
    return .object(span)
  }

  private func attributes(of attempt: AttemptFigures, _ task: TaskFigures) -> JSON {
    let usage = attempt.usage
    var attributes = OTelAttributes()
    attributes.add("hflow.task.name", task.label)
    attributes.add("hflow.task.process", task.id.process.number)
    attributes.add("hflow.task.firing", task.id.number)
    if stages.indices.contains(task.stage) {
      attributes.add("hflow.stage.name", stages[task.stage].name)
    }
    attributes.add("hflow.attempt.number", attempt.number)
    attributes.add("hflow.attempt.outcome", attempt.outcome?.word)
    attributes.add("hflow.attempt.reason", attempt.reason?.rawValue)
    attributes.add("hflow.worker.name", attempt.executor?.name)
    attributes.add("hflow.critical_path", task.isOnPath)
    attributes.add("host.name", attempt.executor?.host)
    attributes.add("process.command_line", task.command)
    switch attempt.outcome {
    case .failed(.exit(let code))?: attributes.add("process.exit.code", code)
    case .succeeded? where attempt.executor != nil: attributes.add("process.exit.code", 0)
    default: break
    }
    attributes.add("error.type", attempt.cause?.word)
    for phase in AttemptTimes.Phase.allCases {
      attributes.add("hflow.attempt.\(phase.word)_ms", attempt.times[phase])
    }
    attributes.add("hflow.attempt.cpu_ms", attempt.cpuMilliseconds)
    attributes.add("hflow.attempt.max_rss_kb", usage.maxResidentKilobytes)
    attributes.add("hflow.attempt.read_bytes", usage.bytesRead)
    attributes.add("hflow.attempt.written_bytes", usage.bytesWritten)
    return attributes.json
  }

  private func events(of attempt: AttemptFigures) -> [JSON] {
    let times = attempt.times
    var time = attempt.madeAt
    var events: [JSON] = []
    let steps: [(AttemptTimes.Phase, String)] = [
      (.wait, "submitted"), (.queue, "taken"), (.dispatch, "started"), (.run, "ended"),
    ]
    for (phase, name) in steps {
      guard let length = times[phase] else { continue }
      time += length
      events.append(["timeUnixNano": Self.nanoseconds(time), "name": .string(name)])
    }
    return events
  }

  /// 64-bit numbers are strings in the JSON form of protocol buffers.
  private static func nanoseconds(_ milliseconds: Int) -> JSON { .string("\(milliseconds)000000") }

  /// `OK`, or `ERROR` with a message.
  private static func status(_ error: String?) -> JSON {
    guard let error else { return ["code": 1] }
    return ["code": 2, "message": .string(error)]
  }
}

/// The ids of a run's trace and spans.
private struct SpanIDs {
  /// 32 hexadecimal digits.
  let trace: String
  private let seed: UInt64

  init(run: String) {
    seed = Self.hash(run, 0xcbf2_9ce4_8422_2325)
    trace = Self.hex(Self.mixed(seed)) + Self.hex(Self.mixed(Self.hash(run, 0x9e37_79b9_7f4a_7c15)))
  }

  /// The span of the run.
  var root: String { Self.hex(Self.mixed(seed ^ 1)) }

  func id(of attempt: AttemptID) -> String {
    let firing = attempt.firing
    let task =
      UInt64(UInt32(truncatingIfNeeded: firing.process.number)) << 32
      | UInt64(UInt32(truncatingIfNeeded: firing.number))
    return Self.hex(Self.mixed(Self.mixed(task ^ seed) &+ UInt64(attempt.number)))
  }

  func span(_ name: String, id: String, parent: String?) -> JSONObject {
    var span = JSONObject()
    span["traceId"] = .string(trace)
    span["spanId"] = .string(id)
    span["parentSpanId"] = parent.map(JSON.string)
    span["name"] = .string(name)
    // Internal: neither a client nor a server.
    span["kind"] = 1
    return span
  }

  /// FNV-1a.
  private static func hash(_ text: String, _ start: UInt64) -> UInt64 {
    text.utf8.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// The finalizer of SplitMix64, which is a bijection. Zero is no valid id.
  private static func mixed(_ value: UInt64) -> UInt64 {
    var value = value &+ 0x9e37_79b9_7f4a_7c15
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    value ^= value >> 31
    return value == 0 ? 1 : value
  }

  private static func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}

/// Attributes in the order of adding; those without a value are left out.
private struct OTelAttributes {
  private var list: [JSON] = []

  var json: JSON { .array(list) }

  mutating func add(_ key: String, _ value: String?) {
    guard let value, !value.isEmpty else { return }
    add(key, json: ["stringValue": .string(value)])
  }

  mutating func add(_ key: String, _ value: Int?) {
    guard let value else { return }
    add(key, json: ["intValue": .string(String(value))])
  }

  mutating func add(_ key: String, _ value: Bool) { add(key, json: ["boolValue": .bool(value)]) }

  private mutating func add(_ key: String, json: JSON) {
    list.append(["key": .string(key), "value": json])
  }
}
