import Engine
import JSONValue
import JobProtocol
import Testing
import Workflow

@testable import Report

/// The run in the formats of other programs.
struct ExportTests {
  /// `a` makes `s1` for `b`, which fails once and is retried.
  private func retried() throws -> Story {
    var story = try Story(
      [Story.process("a", outs: [0]), Story.process(#"b \"x\""#, ins: [0])].joined(separator: ","),
      signals: Story.signals(1))
    story.fire(0, task(1))
    var usage = JobUsage()
    usage.userMilliseconds = 40
    usage.systemMilliseconds = 10
    usage.maxResidentKilobytes = 2000
    usage.bytesWritten = 512
    story.run(task(1), at: (0, 10, 110), usage: usage)
    story.send(110, 1, from: task(1))
    story.fire(110, task(2))
    usage.lastLine = "no overlap"
    story.run(task(2), at: (110, 120, 150), .failed(.exit(3)), usage: usage)
    story.tell(160, .attemptMade(AttemptID(task(2), 2), .policy, nil))
    story.run(task(2), attempt: 2, at: (160, 170, 200), usage: usage)
    story.settle(210)
    return story
  }

  // MARK: Trace

  private func events(_ story: Story) throws -> [JSON] {
    let trace = try JSON(parsing: story.report(now: 300).traceEvents)
    #expect(trace["otherData"]?["run"] == "k7f2abcd")
    return try #require(trace["traceEvents"]?.array)
  }

  @Test func `attempts are slices of the slots of workers`() throws {
    let events = try events(retried())
    let slices = events.filter { $0["ph"] == "X" && $0["pid"] == 2 }
    #expect(slices.map { $0["name"] } == ["a:1", "b \"x\":1", "b \"x\":1"])
    #expect(slices.map { $0["ts"]?.int } == [10_000, 120_000, 170_000])
    #expect(slices.map { $0["dur"]?.int } == [100_000, 30_000, 30_000])
    #expect(slices.allSatisfy { $0["tid"] == 1 })
    #expect(slices.map { $0["args"]?["outcome"] } == ["succeeded", "failed", "succeeded"])
    let names = events.filter { $0["name"] == "process_name" }.compactMap {
      $0["args"]?["name"]?.string
    }
    #expect(names == ["run k7f2 of story", "w1"])
  }

  @Test func `attempts have their phases within them`() throws {
    let events = try events(retried()).filter { $0["cat"] == "attempt" && $0["id"] == "2:1#1" }
    let steps = events.map {
      "\($0["ph"]?.string ?? "") \($0["name"]?.string ?? "") \($0["ts"]?.int ?? -1)"
    }
    #expect(
      steps == [
        "b b \"x\":1 110000", "b queue 110000", "e queue 120000", "b run 120000", "e run 150000",
        "e b \"x\":1 150000",
      ])
    #expect(events[0]["args"]?["cause"] == "exit 3")
    #expect(events[0]["args"]?["detail"] == "no overlap")
  }

  /// Perfetto binds an arrow's ends to the slices that contain their times.
  @Test func `arrows of the critical path lead from slice to slice`() throws {
    let events = try events(retried())
    let path = events.filter { $0["ph"] == "X" && $0["pid"] == 1 }
    #expect(path.map { $0["name"] } == ["a:1", "b \"x\":1"])
    let starts = events.filter { $0["ph"] == "s" }
    let ends = events.filter { $0["ph"] == "f" }
    #expect(starts.map { $0["ts"]?.int } == [109_000])
    #expect(ends.map { $0["ts"]?.int } == [120_000])
    #expect(starts.map { $0["id"] } == ends.map { $0["id"] })
    #expect(ends.allSatisfy { $0["bp"] == "e" })
  }

  @Test func `running jobs are a counter`() throws {
    let counts = try events(retried()).filter { $0["ph"] == "C" }
    #expect(counts.map { $0["args"]?["jobs"]?.int } == [1, 0, 1, 0, 1, 0])
  }

  // MARK: OpenTelemetry

  private func spans(_ requests: [JSON]) -> [JSON] {
    requests.flatMap { request in
      (request["resourceSpans"]?.array ?? []).flatMap { resource in
        (resource["scopeSpans"]?.array ?? []).flatMap { $0["spans"]?.array ?? [] }
      }
    }
  }

  private func attribute(_ key: String, of span: JSON) -> JSON? {
    span["attributes"]?.array?.first { $0["key"]?.string == key }?["value"]
  }

  @Test func `a run is a trace and its attempts are spans`() throws {
    let spans = spans(try retried().report().openTelemetry(version: "1"))
    #expect(spans.map { $0["name"] } == ["story", "a:1", "b \"x\":1", "b \"x\":1"])
    let ids = spans.compactMap { $0["spanId"]?.string }
    #expect(Set(ids).count == 4)
    for span in spans {
      let id = try #require(span["spanId"]?.string)
      let trace = try #require(span["traceId"]?.string)
      #expect(id.utf8.count == 16 && trace.utf8.count == 32)
      #expect(Set(trace) != ["0"] && trace.allSatisfy(\.isHexDigit))
      #expect(trace == spans[0]["traceId"]?.string)
      let start = try #require(span["startTimeUnixNano"]?.string.flatMap { Int($0) })
      let end = try #require(span["endTimeUnixNano"]?.string.flatMap { Int($0) })
      #expect(start <= end && start >= Story.start * 1_000_000)
    }
    #expect(spans[0]["parentSpanId"] == nil)
    #expect(spans.dropFirst().allSatisfy { $0["parentSpanId"]?.string == ids[0] })
    #expect(spans[3]["links"]?.array?.first?["spanId"]?.string == ids[2])
  }

  @Test func `a failed attempt has its error`() throws {
    let spans = spans(try retried().report().openTelemetry(version: "1"))
    #expect(spans[1]["status"] == ["code": 1])
    #expect(spans[2]["status"] == ["code": 2, "message": "exit 3"])
    #expect(attribute("error.type", of: spans[2]) == ["stringValue": "exit"])
    #expect(attribute("process.exit.code", of: spans[2]) == ["intValue": "3"])
    #expect(attribute("host.name", of: spans[2]) == ["stringValue": "node-a"])
    #expect(attribute("error.type", of: spans[3]) == nil)
    let events = spans[2]["events"]?.array?.compactMap { $0["name"]?.string }
    #expect(events == ["submitted", "taken", "started", "ended"])
  }

  @Test func `ids follow from the run and the attempt`() throws {
    let first = try retried().report(now: 300).openTelemetry(version: "1")
    let second = try retried().report(now: 9000).openTelemetry(version: "1")
    #expect(first == second)
  }

  @Test func `large runs are several requests`() throws {
    let requests = try retried().report().openTelemetry(version: "1", spansPerRequest: 3)
    #expect(requests.map { spans([$0]).count } == [3, 1])
  }

  @Test func `a run that is not over has no root span yet`() throws {
    var story = try Story(Story.process("a"))
    story.fire(0, task(1))
    story.run(task(1), at: (0, 10, 110))
    #expect(spans(story.report().openTelemetry(version: "1")).map { $0["name"] } == ["a:1"])
  }

  // MARK: Metrics

  @Test func `metrics have counts, slots and times`() throws {
    let lines = try retried().report().metrics.split(separator: "\n").map(String.init)
    let labels = #"run="k7f2abcd",workflow="story""#
    for line in [
      "# TYPE hflow_tasks gauge",
      #"hflow_tasks{\#(labels),state="succeeded"} 2"#,
      #"hflow_tasks{\#(labels),state="queued"} 0"#,
      #"hflow_stage_tasks{\#(labels),stage="b \"x\"",state="succeeded"} 1"#,
      #"hflow_attempts_total{\#(labels),outcome="succeeded",cause=""} 2"#,
      #"hflow_attempts_total{\#(labels),outcome="failed",cause="exit"} 1"#,
      "hflow_retries_total{\(labels)} 1",
      #"hflow_slots{\#(labels),worker="w1",host="node-a"} 2"#,
      #"hflow_job_duration_seconds_bucket{\#(labels),stage="a",le="0.1"} 1"#,
      #"hflow_job_duration_seconds_bucket{\#(labels),stage="b \"x\"",le="+Inf"} 2"#,
      #"hflow_job_duration_seconds_sum{\#(labels),stage="b \"x\""} 0.06"#,
      "hflow_run_start_time_seconds{\(labels)} 1700000000",
    ] {
      #expect(lines.contains(line), "\(line)")
    }
  }

  /// The rules of the text format: one `TYPE` before a name's samples, no series twice.
  @Test func `metrics are in the text format`() throws {
    let text = try retried().report().metrics
    #expect(text.hasSuffix("\n"))
    var types: Set<String> = []
    var series: Set<String> = []
    for line in text.split(separator: "\n") {
      if line.hasPrefix("# TYPE ") {
        #expect(types.insert(String(line.split(separator: " ")[2])).inserted)
        continue
      }
      if line.hasPrefix("#") { continue }
      let name = line.prefix { $0 != "{" }
      let base = ["_bucket", "_sum", "_count"].first {
        name.hasSuffix($0) && !types.contains(String(name))
      }
      #expect(types.contains(String(base.map { name.dropLast($0.count) } ?? name)), "\(line)")
      let end = try #require(line.lastIndex(of: " "))
      #expect(series.insert(String(line[..<end])).inserted, "\(line)")
      #expect(Double(line[line.index(after: end)...]) != nil, "\(line)")
    }
  }

  // MARK: WfFormat

  @Test func `a run becomes an instance of WfFormat`() throws {
    let story = try retried()
    let made = story.report().wfFormat(
      of: story.state, version: "1", now: Story.start,
      host: HostDescription(name: "node-a", architecture: "x86_64", cores: 4)
    ) { $0 == "s0" ? 77 : nil }
    let instance = try #require(made)
    #expect(instance["schemaVersion"] == "1.5")
    #expect(instance["createdAt"] == "2023-11-14T22:13:20Z")
    let workflow = try #require(instance["workflow"])
    let tasks = try #require(workflow["specification"]?["tasks"]?.array)
    #expect(tasks.map { $0["id"] } == ["a_1_1", "b__x__2_1"])
    #expect(tasks[0]["children"] == ["b__x__2_1"])
    #expect(tasks[1]["parents"] == ["a_1_1"])
    #expect(tasks[0]["outputFiles"] == ["s0"])
    #expect(tasks[1]["inputFiles"] == ["s0"])
    #expect(workflow["specification"]?["files"] == [["id": "s0", "sizeInBytes": 77]])
    let execution = try #require(workflow["execution"])
    #expect(execution["makespanInSeconds"] == 0.21)
    let runs = try #require(execution["tasks"]?.array)
    #expect(runs.map { $0["runtimeInSeconds"]?.double } == [0.1, 0.03])
    #expect(runs[0]["avgCPU"] == 50)
    #expect(runs[0]["memoryInBytes"] == 2_048_000)
    #expect(runs[0]["machines"] == ["node-a"])
    #expect(runs[0]["command"] == ["program": "do", "arguments": ["a"]])
    #expect(execution["machines"]?.array?.first?["cpu"] == ["coreCount": 4])
  }

  @Test func `a run without tasks is no instance`() throws {
    let story = try Story(Story.process("a", ins: [0]), signals: Story.signals(1))
    #expect(
      story.report().wfFormat(of: story.state, version: "1", now: 0, fileSize: { _ in nil }) == nil)
  }
}
