import JobProtocol
import Testing

@testable import Sites

@Suite struct SlurmTests {
  private func row(_ id: String, _ state: String, _ reason: String = "None") -> SlurmJob {
    SlurmJob(id: id, state: state, reason: reason, nodes: "", start: "")
  }

  @Test func `rows of squeue are parsed`() {
    let text = """
      4711_0|RUNNING|None|n1|2026-01-01T10:00:00
      4711_1|PENDING|Resources||N/A
      slurm_load_jobs error: something
      4712|TIMEOUT|TimeLimit|n2|2026-01-01T10:00:00
      """
    let rows = SlurmJob.rows(text)
    #expect(rows.map(\.id) == ["4711_0", "4711_1", "4712"])
    #expect(rows.map(\.allocationState) == [.running, .pending, .ended])
    #expect(rows[1].text == "Resources (waits for free nodes)")
    #expect(rows[2].text == "the time limit of its allocation was reached")
    #expect(rows[1].array == "4711")
  }

  @Test(arguments: [
    ("4711\n", "4711"), ("4711;cluster\n", "4711"), ("", nil), ("sbatch: error: no\n", nil),
  ])
  func `the id of a submission is parsed`(output: String, id: String?) {
    #expect(SlurmSubmission.id(in: output) == id)
  }

  @Test func `workers are requested when jobs wait`() {
    let elastic = Elastic(range: WorkerRange(minimum: 1, maximum: 5), slots: 2)
    #expect(elastic.missing(waiting: 0, pending: 0, running: 0, justStarted: 0) == 1)
    #expect(elastic.missing(waiting: 7, pending: 0, running: 0, justStarted: 0) == 4)
    #expect(elastic.missing(waiting: 100, pending: 0, running: 0, justStarted: 0) == 5)
    #expect(elastic.missing(waiting: 7, pending: 3, running: 1, justStarted: 0) == 1)
    #expect(elastic.missing(waiting: 6, pending: 3, running: 0, justStarted: 0) == 0)
    #expect(elastic.missing(waiting: 4, pending: 0, running: 2, justStarted: 2) == 0)
    #expect(elastic.missing(waiting: 9, pending: 2, running: 3, justStarted: 0) == 0)
  }

  @Test func `many workers are a few arrays`() {
    #expect(Elastic.arrays(of: 25, limit: 10) == [10, 10, 5])
    #expect(Elastic.arrays(of: 5, limit: 1001) == [5])
    #expect(Elastic.arrays(of: 0, limit: 10).isEmpty)
  }

  @Test func `each change that squeue shows is reported once`() {
    var ledger = SlurmLedger(site: "slurm")
    #expect(ledger.submitted("7", count: 2).map(\.allocation.id) == ["7_0", "7_1"])
    let first = ledger.update([row("7_0", "RUNNING"), row("7_1", "PENDING", "Resources")], now: 5)
    #expect(first.map(\.allocation.state) == [.running, .pending])
    #expect(first.map(\.worker) == ["slurm-7_0", "slurm-7_1"])
    #expect(ledger.justStarted == 1)
    let same = ledger.update([row("7_0", "RUNNING"), row("7_1", "PENDING", "Resources")], now: 6)
    #expect(same.isEmpty)
    #expect(ledger.justStarted == 0)
    let ended = ledger.update([row("7_0", "NODE_FAIL"), row("7_1", "CANCELLED")], now: 7)
    #expect(ended.map(\.allocation.reason) == ["its node failed", "it was cancelled with scancel"])
    #expect(ended.map(\.hasRun) == [true, false])
    #expect(ledger.update([row("7_0", "NODE_FAIL")], now: 8).isEmpty)
    #expect(ledger.active.isEmpty)
  }

  @Test func `a job that is missing once has not ended`() {
    var ledger = SlurmLedger(site: "slurm")
    _ = ledger.submitted("7", count: 1)
    #expect(ledger.update([], now: 1).isEmpty)
    #expect(ledger.update([], now: 2).map(\.allocation.state) == [.ended])
  }

  @Test func `a job whose submission was never acknowledged is found`() {
    var ledger = SlurmLedger(site: "slurm")
    #expect(ledger.update([row("9_0", "PENDING")], now: 1).map(\.allocation.id) == ["9_0"])
    #expect(ledger.pending == 1)
  }

  @Test func `a job that Slurm requeues loses its worker`() {
    var ledger = SlurmLedger(site: "slurm")
    _ = ledger.update([row("9_0", "RUNNING")], now: 1)
    let changes = ledger.update([row("9_0", "PENDING", "BeginTime")], now: 2)
    #expect(changes.map(\.hasRun) == [true])
  }

  @Test func `the processors of an allocation are its slots`() {
    #expect(SlurmSubmission.processors(in: ["-c4"]) == 4)
    #expect(SlurmSubmission.processors(in: ["-p", "x", "--cpus-per-task=8"]) == 8)
    #expect(SlurmSubmission.processors(in: ["-c", "2"]) == 2)
    #expect(SlurmSubmission.processors(in: ["-p", "x"]) == nil)
  }

  private func submission(_ options: String) throws -> SlurmSubmission {
    var settings = SiteSettings(name: "slurm", infrastructure: .slurm)
    try settings.add(options: options)
    let access = WorkerAccess(
      run: RunID(randomBits: 7), queue: nil, redisPlace: { "/s" }, socketURL: { $0 },
      networkURL: "redis://worker:pass'word@h:1", signingKey: "secret", directory: "/data/w",
      filesDirectory: "/data/w/f", executor: "/x/e")
    return SlurmSubmission(settings: settings, access: access)
  }

  @Test func `no secret is in the script or on the command line`() throws {
    let submission = try submission("-p long")
    let all =
      submission.command(count: 3).joined(separator: " ")
      + submission.script(executor: "/x/e", idle: 30)
    #expect(!all.contains("pass") && !all.contains("secret"))
    #expect(all.contains("--array=0-2") && all.contains("-p long"))
    #expect(
      submission.environment(url: "redis://worker:pass'word@h:1").contains("'redis://worker:pass'"))
  }

  @Test func `the user's options take precedence over ours`() throws {
    #expect(try submission("").command(count: 1).contains("--signal=B:USR1@60"))
    let own = try submission("--signal=B:USR1@300").command(count: 1)
    #expect(own.filter { $0.hasPrefix("--signal") } == ["--signal=B:USR1@300"])
  }

  @Test func `sbatch gets neither secrets nor another job's variables`() {
    let environment = SlurmSubmission.environment([
      "HFLOW_SIGNING_KEY": "x", "REDIS_URL": "x", "SLURM_JOB_ID": "1", "SLURM_CONF": "c",
      "PATH": "p",
    ])
    #expect(environment == ["SLURM_CONF": "c", "PATH": "p"])
  }
}
