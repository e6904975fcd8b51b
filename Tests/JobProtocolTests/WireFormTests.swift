import JSONValue
import JobProtocol
import Testing

@Suite struct WireFormTests {
  static let job = "kabcd:1:2:3"
  static let executor = ExecutorIdentity(name: "node-a-17", host: "node-a", pid: 17)

  static var usage: JobUsage {
    var usage = JobUsage()
    usage.wallMilliseconds = 2100
    usage.maxResidentKilobytes = 212_000
    usage.lastLine = "no such star"
    return usage
  }

  static let health = WorkerHealth(
    executor: executor, slots: 4, busy: 2, loadPercent: 150, memoryUsed: 3, memoryTotal: 9,
    isDraining: true, time: 8)

  @Test(arguments: [
    JobReport.taken(job: job, by: executor, at: 5),
    .started(job: job, by: executor, pid: 99, at: 6),
    .finished(job: job, outcome: .succeeded, usage: usage, at: 7),
    .finished(job: job, outcome: .failed(.exit(3)), usage: usage, at: 7),
    .finished(job: job, outcome: .failed(.notFound("./x y")), usage: JobUsage(), at: 7),
    .finished(job: job, outcome: .failed(.outOfMemory(certain: false)), usage: usage, at: 7),
    .heartbeat(health, at: 8),
    .gone(worker: "node-a-17", at: 9),
    .refused(job: job, by: executor, reason: "taken before", at: 10),
  ])
  func `a report can be read back from its entry`(report: JobReport) {
    #expect(JobReport(fields: report.fields) == report)
  }

  @Test(
    arguments: [
      [("k", "finished"), ("j", job)], [("k", "finished"), ("o", "ok")], [("k", "nonsense")], [],
      [("k", "finished"), ("j", job), ("o", "nonsense")],
    ] as [[(String, String)]])
  func `an entry without a required field is not a report`(fields: [(String, String)]) {
    #expect(JobReport(fields: fields) == nil)
  }

  @Test func `a log chunk keeps every byte`() {
    let bytes = (0...255).map { UInt8($0) } + Array("\n1 2 3 4\n".utf8)
    let chunk = LogChunk(
      sequence: 7, stream: .standardError, time: 1_700_000_000_123, droppedLines: 2, bytes: bytes)
    #expect(LogChunk(encoded: chunk.encoded) == chunk)
  }

  @Test func `a chunk is stored under its time and number`() {
    let chunk = LogChunk(sequence: 7, stream: .end, time: 1_700_000_000_123, bytes: [])
    #expect(chunk.entryID == "1700000000123-7")
  }

  @Test(arguments: ["", "1 2", "1 9 3 4\nx", "a b c d\nx", "no newline at all"])
  func `an invalid log chunk is refused`(text: String) {
    #expect(LogChunk(encoded: Array(text.utf8)) == nil)
  }

  @Test(arguments: [
    ControlRequest.retry([TaskReference(process: 1, firing: 2)], .alone), .retryAllFailed,
    .workers(WorkersRequest(.add, site: "a", count: 3)),
    .workers(WorkersRequest(.remove, site: "a", worker: "w")),
    .skip([TaskReference(process: 3, firing: 1)]), .cancel([]), .stop, .close,
    .leave(watcher: "w1"), .retry([TaskReference(process: 1, firing: 2)], .downstream),
    .edit(
      TaskReference(process: 1, firing: 2),
      JobEdit(
        executable: "x", arguments: ["a b", ""], environment: ["A": "1"], timeout: 2.5), .alone),
    .hold([TaskReference(process: 1, firing: 2)]), .release([]), .holdProcesses([1, 2]),
    .releaseProcesses([]), .pause, .continue, .failFast(true), .slots(3), .drain(worker: "w"),
  ])
  func `a control request can be read back from its entry`(request: ControlRequest) throws {
    #expect(ControlRequest(try JSON(parsing: request.json.text)) == request)
  }

  @Test(arguments: [(0, false), (1, true), (4096, true), (4097, false), (100_000, false)])
  func `slots can be chosen up to a worker's maximum`(count: Int, isTaken: Bool) throws {
    let request = ControlRequest.slots(count)
    #expect((ControlRequest(try JSON(parsing: request.json.text)) == request) == isTaken)
    #expect(ExecutorOrder.chosenSlots.contains(count) == isTaken)
  }

  @Test(arguments: [
    ExecutorOrder.cancel(job: job), .drain(worker: "*"), .drain(worker: "node a"),
    .slots(worker: "node a 7", 12),
  ])
  func `an order can be read back from its message`(order: ExecutorOrder) {
    #expect(ExecutorOrder(text: order.text) == order)
  }

  @Test(arguments: [
    "", "drain", "drain ", "cancel", "slots 3", "slots  3", "slots w -1", "slots w",
  ])
  func `an invalid order is refused`(text: String) {
    #expect(ExecutorOrder(text: text) == nil)
  }

  @Test func `an order to all workers addresses each, an order to one only that one`() {
    #expect(ExecutorOrder.addresses("*", name: "w1"))
    #expect(ExecutorOrder.addresses("w1", name: "w1"))
    #expect(!ExecutorOrder.addresses("w1", name: "w2"))
  }

  @Test func `heartbeats can be read back from their keys`() {
    #expect(WorkerHealth(parsing: Self.health.json.bytes) == Self.health)
    let holder = JobHolder(host: "node-a", pid: 17, bootID: "b-1")
    #expect(JobHolder(parsing: holder.json.bytes) == holder)
    for text in ["", "17", "{}", "[]", #"{"host":1,"pid":2}"#] {
      #expect(WorkerHealth(parsing: Array(text.utf8)) == nil)
      #expect(JobHolder(parsing: Array(text.utf8)) == nil)
    }
  }

  @Test func `a usage sample can be read back from its chunk`() {
    let sample = UsageSample(residentKilobytes: 12_000, cpuMilliseconds: 340)
    let chunk = LogChunk(sequence: 1, stream: .usage, time: 5, bytes: sample.encoded)
    #expect(LogChunk(encoded: chunk.encoded).flatMap { UsageSample(encoded: $0.bytes) } == sample)
    for text in ["", "1", "1 2 3", "a 1", "-1 2", "99999999999999999999 1"] {
      #expect(UsageSample(encoded: Array(text.utf8)) == nil)
    }
  }

  @Test func `a first attempt has the task's id, later ones append their number`() throws {
    let run = try #require(RunID("kabcd"))
    let task = TaskID(run: run, workflow: 1, process: 2, firing: 3)
    #expect("\(JobID(task: task, attempt: 1))" == "kabcd:1:2:3")
    #expect("\(JobID(task: task, attempt: 2))" == "kabcd:1:2:3:2")
    for attempt in 1...3 {
      let job = JobID(task: task, attempt: attempt)
      #expect(JobID(parsing: "\(job)") == job)
    }
  }

  @Test(arguments: ["", "k", "k:1:2", "k:1:2:x", "k:0:1:1", "-k:1:1:1", "k:1:2:3:4:5", "k:1::3"])
  func `job ids of other forms are refused`(text: String) {
    #expect(JobID(parsing: text) == nil)
  }

  @Test func `new run ids begin with a letter and differ`() {
    let ids = (0..<1000).map { RunID(randomBits: UInt64($0) &* 0x9E37_79B9_7F4A_7C15) }
    #expect(Set(ids).count == 1000)
    #expect(ids.allSatisfy { RunID($0.text) == $0 && $0.text.count == 8 })
  }

  @Test func `a message of the original engine is read`() throws {
    let text = """
      {"executable":"/bin/echo","args":["hello"],"work_dir":"/data/w","inputs":[{"name":"start",\
      "_id":1,"data":[1],"sigIdx":1}],"outputs":[],"redis_url":"redis://127.0.0.1:7401",\
      "taskId":"kgHaNvFUm:1:1:1","name":"job1"}
      """
    let message = try JobMessage(parsing: Array(text.utf8))
    #expect(message.taskID == "kgHaNvFUm:1:1:1")
    #expect(message.completionTransport == .sets)
    #expect(message.extras == nil)
    #expect(String(decoding: message.bytes, as: UTF8.self) == text)
  }

  @Test func `a message of a newer original asks for its completions stream`() throws {
    let message = try JobMessage(parsing: Array(#"{"completionTransport":"stream"}"#.utf8))
    #expect(message.completionTransport == .stream)
  }

  @Test func `our extras can be read back from the message`() throws {
    let extras = JobExtras(
      directory: "/data", timeout: 1.5, drain: 0.5, environment: ["A": "b"], attempt: 2)
    let message = try JobMessage(parsing: JSON.object(["hflow": extras.json]).bytes)
    #expect(message.extras == extras)
    #expect(message.completionTransport == .reports)
  }

  @Test(arguments: ["", "garbage", "[1]", "12"])
  func `an invalid message says why`(text: String) {
    #expect(throws: JobMessageError.self) { try JobMessage(parsing: Array(text.utf8)) }
  }
}
