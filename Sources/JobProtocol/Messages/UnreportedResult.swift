public import JSONValue

/// The result of a job as its executor keeps it on disk until Redis has acknowledged the
/// report, in case the executor is killed.
public struct UnreportedResult: Sendable, Equatable {
  public var job: String
  /// How to report it to the job's engine.
  public var transport: CompletionTransport
  /// The exit code, for original engines, which know only codes.
  public var code: Int
  public var outcome: JobOutcome
  public var usage: JobUsage
  /// Milliseconds since 1970.
  public var time: Int

  public init(
    job: String, transport: CompletionTransport, code: Int, outcome: JobOutcome, usage: JobUsage,
    time: Int
  ) {
    self.job = job
    self.transport = transport
    self.code = code
    self.outcome = outcome
    self.usage = usage
    self.time = time
  }

  /// One line of JSON, without the line end.
  public var json: JSON {
    let report = JobReport.finished(job: job, outcome: outcome, usage: usage, at: time)
    return [
      "transport": .string(transport.rawValue), "code": .int(code),
      "report": .object(JSONObject(report.fields.map { ($0.0, .string($0.1)) })),
    ]
  }

  /// `nil` if invalid.
  public init?(_ json: JSON) {
    guard
      let transport = json["transport"]?.string.flatMap(CompletionTransport.init(rawValue:)),
      let code = json["code"]?.int, let members = json["report"]?.object?.members
    else { return nil }
    let fields = members.compactMap { name, value in value.string.map { (name, $0) } }
    guard case .finished(let job, let outcome, let usage, let time) = JobReport(fields: fields)
    else { return nil }
    self.init(
      job: job, transport: transport, code: code, outcome: outcome, usage: usage, time: time)
  }
}
