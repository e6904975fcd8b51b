import JSONValue
import JobProtocol
import Testing

/// Several reports in one entry.
@Suite struct ReportBatchTests {
  private let node = ExecutorIdentity(name: "node-a-17", host: "node-a", pid: 17)
  private let other = ExecutorIdentity(name: "node-b-4", host: "node-b", pid: 4)

  private func ended(_ job: String, at time: Int) -> JobReport {
    .finished(job: job, outcome: .succeeded, usage: WireFormTests.usage, at: time)
  }

  private func reports(_ job: String, at time: Int) -> [JobReport] {
    [
      .taken(job: job, by: node, at: time), .started(job: job, by: node, pid: 99, at: time),
      ended(job, at: time + 3),
    ]
  }

  @Test func `all reports of an entry can be read back`() {
    let all =
      reports("kabcd:1:1:1", at: 5) + reports("kabcd:1:1:2", at: 8) + [
        .finished(job: "kabcd:1:1:3", outcome: .failed(.exit(3)), usage: JobUsage(), at: 11),
        .taken(job: "kabcd:1:1:3", by: other, at: 11), .gone(worker: "node-a-17", at: 12),
        .refused(job: "kabcd:1:1:3", by: node, reason: "taken before", at: 12),
      ]
    #expect(JobReport.reports(in: JobReport.fields(of: all)) == all)
  }

  @Test func `many reports of many executors can be read back`() {
    let all = (0..<200).flatMap { number -> [JobReport] in
      let node = number % 3 == 0 ? node : other
      return [.taken(job: "kabcd:1:1:\(number)", by: node, at: number / 7)]
        + (number % 2 == 0 ? [ended("kabcd:1:1:\(number / 2)", at: number / 5)] : [])
    }
    #expect(JobReport.reports(in: JobReport.fields(of: all)) == all)
  }

  @Test func `job, time and executor are not repeated`() {
    let names = JobReport.fields(of: Array(reports("kabcd:1:1:1", at: 5).prefix(2))).map(\.0)
    #expect(names == ["k", "j", "t", "w", "h", "p", "k", "pid"])
  }

  @Test func `a single report has the fields that every engine reads`() {
    let report = ended("kabcd:1:1:1", at: 5)
    #expect(JobReport.fields(of: [report]).map(\.0) == report.fields.map(\.0))
    #expect(JobReport.reports(in: report.fields) == [report])
  }

  @Test func `invalid reports are left out, and the others count`() {
    let fields =
      [("x", "1"), ("k", "nonsense"), ("j", "kabcd:1:1:9")]
      + JobReport.fields(of: reports("kabcd:1:1:1", at: 5)) + [
        ("k", "finished"), ("o", "nonsense"),
      ]
    #expect(JobReport.reports(in: fields) == reports("kabcd:1:1:1", at: 5))
    #expect(JobReport.reports(in: []).isEmpty)
  }

  @Test func `a message without a version is from an engine of the first version`() {
    let extras = JobExtras(directory: "/w", version: ProtocolVersion.current)
    func version(_ members: KeyValuePairs<String, JSON>) -> Int {
      JobMessage(members: JSONObject(members.map { ($0.key, $0.value) })).version
    }
    #expect(version(["hflow": extras.json]) == ProtocolVersion.batches)
    #expect(version(["hflow": [:]]) == ProtocolVersion.first)
    #expect(version([:]) == ProtocolVersion.first)
  }
}
