import Foundation
import JSONValue
import JobProtocol
import Testing

/// docs/protocol.md names every key and every message.
@Suite struct ProtocolPageTests {
  private let page: String
  private let run: RunID

  init() throws {
    let root = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    page = try String(contentsOf: root.appending(path: "docs/protocol.md"), encoding: .utf8)
    run = try #require(RunID("kabcd"))
  }

  /// Whether the first cell of a row has the code.
  private func has(_ code: String) -> Bool {
    page.split(separator: "\n").contains { line in
      line.hasPrefix("|") && line.split(separator: "|").first?.contains("`\(code)`") == true
    }
  }

  @Test func `the page names every key of a run and of HyperFlow`() {
    let keys = RunKeys(run)
    let job = "kabcd:<job>"
    let all = [
      keys.events, keys.commit, keys.reports, keys.control, keys.completions, keys.lease,
      keys.info, keys.workflow, keys.watchers, keys.cancelled, keys.orders,
      RunKeys.alive(job: job), RunKeys.ran(job: job), RunKeys.log(job: job), RunKeys.registry,
      OriginalKeys.nextWorkflowID, OriginalKeys.allJobs, OriginalKeys.workflow("<wf>"),
      OriginalKeys.pendingCompletions(workflow: "<wf>"),
      OriginalKeys.completedTasks(workflow: "<wf>"), OriginalKeys.message(task: "<job>"),
      OriginalKeys.acquireCount(task: "<job>"), OriginalKeys.result(task: "<job>"),
    ]
    for key in all {
      let name = key.replacing(job, with: "<job>").replacing("\(run)", with: "<run>")
      #expect(has(name), "\(name)")
    }
  }

  @Test func `the page names every key of a pool`() {
    let keys = PoolKeys("<pool>")
    let all = [
      keys.queue, keys.paused, keys.withdrawal, keys.orders, keys.slots, keys.workers,
      keys.taken(by: "<worker>"), keys.alive("<worker>"),
    ]
    for key in all { #expect(has(key), "\(key)") }
  }

  private static let executor = ExecutorIdentity(name: "w", host: "h", pid: 1)
  private static let reports: [JobReport] = [
    .taken(job: "j", by: executor, at: 1), .started(job: "j", by: executor, pid: 2, at: 1),
    .finished(job: "j", outcome: .succeeded, usage: JobUsage(), at: 1),
    .heartbeat(WorkerHealth(executor: executor, slots: 1, busy: 1, loadPercent: 1), at: 1),
    .gone(worker: "w", at: 1), .refused(job: "j", by: executor, reason: "r", at: 1),
  ]

  @Test(arguments: reports)
  func `the page names every report and its fields`(report: JobReport) throws {
    let kind = try #require(report.fields.first { $0.0 == "k" }?.1)
    #expect(has(kind), "\(kind)")
    for (name, _) in report.fields { #expect(page.contains("`\(name)`"), "\(kind) \(name)") }
  }

  @Test(arguments: [
    FailureCause.exit(1), .signal(9), .outOfMemory(certain: true), .timeout(seconds: 1),
    .notFound(""), .image(""), .container(""), .refused(""), .invalidMessage(""), .lost(""),
    .cancelled, .error(""),
  ])
  func `the page names every cause`(cause: FailureCause) { #expect(has(cause.word)) }

  @Test func `the page names every figure of a job's usage`() {
    var usage = JobUsage()
    usage.wallMilliseconds = 1
    usage.userMilliseconds = 1
    usage.systemMilliseconds = 1
    usage.maxResidentKilobytes = 1
    usage.bytesRead = 1
    usage.bytesWritten = 1
    usage.standardOutputBytes = 1
    usage.standardErrorBytes = 1
    #expect(usage.fields.count == 8)
    for (name, _) in usage.fields { #expect(has(name), "\(name)") }
  }

  @Test(arguments: [
    ControlRequest.retry([], .alone), .retryAllFailed,
    .workers(WorkersRequest(.add, site: "a", worker: "w")),
    .edit(TaskReference(process: 1, firing: 1), JobEdit(timeout: 1), .alone), .skip([]),
    .cancel([]), .hold([]), .release([]), .holdProcesses([]), .releaseProcesses([]), .pause,
    .continue, .failFast(true), .slots(1), .drain(worker: "w"), .stop, .close,
    .leave(watcher: "w"),
  ])
  func `the page names every request and its members`(request: ControlRequest) throws {
    let name = try #require(request.json["do"]?.string)
    #expect(has(name), "\(name)")
    for key in try #require(request.json.object).keys {
      #expect(page.contains("`\(key)`"), "\(name) \(key)")
    }
  }

  @Test(arguments: [
    ExecutorOrder.cancel(job: "<job>"), .slots(worker: "<worker>", 7), .drain(worker: "<worker>"),
  ])
  func `the page names every order`(order: ExecutorOrder) {
    #expect(has(order.text.replacing(" 7", with: " <n>")), "\(order.text)")
  }

  @Test func `the page's job message is what our engine sends`() throws {
    let parts = page.components(separatedBy: "```json\n")
    let text = try #require(parts.dropFirst().first?.components(separatedBy: "```").first)
    let message = try JobMessage(parsing: Array(text.utf8))
    #expect(message.taskID.flatMap(JobID.init(parsing:)) != nil)
    #expect(message.completionTransport == .reports)
    #expect(message.extras?.directory == "/w")
    #expect(message.extras?.timeout == 60)
  }
}
