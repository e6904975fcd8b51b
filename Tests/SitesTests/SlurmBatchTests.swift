import JobProtocol
import Testing

@testable import Sites

@Suite struct SlurmBatchTests {
  private func task(_ number: Int, _ stage: String, cores: Double? = nil) -> SlurmTask {
    SlurmTask(job: "run1:1:\(number):1:1", stage: stage, cores: cores)
  }

  @Test func `jobs of a stage that ask for the same are one array`() {
    let tasks = [
      task(1, "a"), task(2, "b"), task(3, "a"), task(4, "a", cores: 2), task(5, "a"),
    ]
    let batches = SlurmBatch.batches(of: tasks, prefix: "hflow-run1-slurm.", limit: 2)
    #expect(
      batches.map(\.jobs) == [
        ["run1:1:1:1:1", "run1:1:3:1:1"], ["run1:1:5:1:1"], ["run1:1:2:1:1"], ["run1:1:4:1:1"],
      ])
    #expect(batches[0].name == "hflow-run1-slurm.1.1.1.1x2")
    #expect(Set(batches.map(\.name)).count == 4)
  }

  @Test func `resources become options`() {
    let task = SlurmTask(
      job: "r:1:1:1:1", stage: "a", cores: 1.5, memoryBytes: 1_500_000_000, seconds: 90)
    #expect(task.options == ["--cpus-per-task=2", "--mem=1431M", "--time=3"])
    #expect(SlurmTask(job: "j", stage: "a").options.isEmpty)
  }

  private func row(_ id: String, _ state: String, _ reason: String = "") -> SlurmJob {
    SlurmJob(id: id, state: state, reason: reason, nodes: "", start: "")
  }

  @Test func `the ledger says what has changed, each once`() {
    var ledger = SlurmBatchLedger()
    let batch = SlurmBatch(name: "n", options: [], jobs: ["a", "b", "c"])
    #expect(ledger.submitted(batch, as: "7").map(\.id) == ["7_0", "7_1", "7_2"])
    let rows = [row("7_0", "RUNNING"), row("7_1", "PENDING", "Priority"), row("7_2", "TIMEOUT")]
    let changes = ledger.update(rows)
    let reason = "Priority (jobs with higher priority are before it)"
    #expect(
      changes == [
        .init(job: "a", id: "7_0", kind: .running),
        .init(job: "b", id: "7_1", kind: .pending(reason)),
        .init(job: "c", id: "7_2", kind: .ended(.timeout)),
      ])
    #expect(ledger.update(rows).isEmpty)
    #expect(ledger.isPending("b") && ledger.id(of: "a") == "7_0" && ledger.id(of: "c") == nil)
    ledger.forget("a")
    #expect(ledger.update([]).isEmpty, "one look may miss a job")
    #expect(
      ledger.update([]) == [
        .init(
          job: "b", id: "7_1", kind: .ended(.lost("Slurm does not know its job any more")))
      ])
    #expect(ledger.isEmpty)
  }

  @Test(arguments: [
    ("COMPLETED", SlurmEnd.finished), ("OUT_OF_MEMORY", .outOfMemory), ("TIMEOUT", .timeout),
    ("NODE_FAIL", .lost("its node failed")), ("CANCELLED", .lost("it was cancelled with scancel")),
    ("PREEMPTED", .lost("Slurm gave its node to another job")),
  ])
  func `an end of Slurm has its cause`(state: String, end: SlurmEnd) {
    #expect(SlurmEnd(state) == end)
  }

  @Test func `a limit, an impossible request and anything else are told apart`() {
    let limit = SiteError("sbatch: Batch job submission failed: … (job submit limit, …)")
    let never = SiteError("sbatch: Requested node configuration is not available")
    let other = SiteError("sbatch: Unable to contact slurm controller")
    #expect([limit, never, other].map(SlurmReason.isLimitOfJobs) == [true, false, false])
    #expect([limit, never, other].map(SlurmReason.isImpossible) == [false, true, false])
  }

  @Test func `a row has the name of its submission`() {
    let rows = SlurmJob.rows("7_1|RUNNING|None|n1|N/A|hflow-x.1x2\n8|PENDING|Priority||N/A\n")
    #expect(rows.map(\.name) == ["hflow-x.1x2", ""])
    #expect(SlurmRows(jobs: rows).arrays["hflow-x.1x2"] == "7")
  }
}
