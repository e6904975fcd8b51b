import JSONValue
import JobProtocol
import Testing

@testable import Sites

struct WorkerPoolTests {
  private let site = SiteSettings(name: "kubernetes", infrastructure: .kubernetes)

  @Test func `tasks of named processes and of amqpCommand have a pool`() throws {
    let pools = try WorkerPools([["name": "mProject", "queue": "ignored"]])
    #expect(pools.hasPool(process: "mProject", function: "k8sCommand"))
    #expect(pools.hasPool(process: "mAdd", function: "amqpCommand"))
    #expect(!pools.hasPool(process: "mAdd", function: "k8sCommand"))
    #expect(try !WorkerPools(nil).hasPool(process: "mProject", function: nil))
  }

  @Test func `a pool is a site with workers, with the numbers of its entry`() throws {
    let pools = try WorkerPools([["name": "mProject", "workers": "1:5", "slots": 3]])
    var base = site
    base.slots = 100
    base.kubernetes.namespace = "here"
    let pool = pools.site(
      ofPool: "mProject", number: 2, beside: base, cores: 2, besides: ["kubernetes"])
    #expect(pool.name == "kubernetes-mProject" && !pool.runsJobs)
    #expect(pool.workers == WorkerRange(minimum: 1, maximum: 5) && pool.slots == 6)
    #expect(pool.pool == SitePool(process: "mProject", tasks: 3))
    #expect(pool.kubernetes.namespace == "here")
    let other = pools.site(
      ofPool: "mAdd", number: 7, beside: base, cores: 1, besides: ["kubernetes-mAdd"])
    #expect(other.name == "kubernetes-mAdd-7" && other.slots == 1)
    #expect(other.workers == WorkerRange.standard)
    #expect(SiteTable.isName(other.name))
  }

  private static let mistakes: [(JSON, String)] = [
    ("x", "must be a list"), ([["queue": "x"]], "[0]: needs name"),
    ([["name": "a", "workers": "x"]], "is not a number of workers"),
    ([["name": "a", "slots": 0]], "slots must be a number"),
  ]

  @Test(arguments: mistakes)
  func `a mistake in the file is named`(json: JSON, words: String) {
    #expect {
      try WorkerPools(json)
    } throws: { error in
      "\(error)".contains("workflow.config.executionModels.json") && "\(error)".contains(words)
    }
  }

  @Test func `a site on Kubernetes makes Jobs of tasks unless workers are asked for`() throws {
    #expect(site.runsJobs)
    #expect(SiteSettings(site.json)?.runsJobs == true)
    var workers = site
    try workers.set("mode", to: .text("workers"))
    #expect(!workers.runsJobs && SiteSettings(workers.json) == workers)
    let slurm = SiteSettings(name: "slurm", infrastructure: .slurm)
    #expect(!slurm.runsJobs && slurm.json["mode"] == nil)
  }

  // MARK: Manifests

  private func worker(_ settings: SiteSettings, isPermanent: Bool = false) -> KubernetesWorker {
    KubernetesWorker(
      settings, run: "hf1", queue: settings.name, Sample.task(), token: "abc12345",
      isPermanent: isPermanent)
  }

  @Test func `a worker's Job is made from the template of tasks`() throws {
    var pool = site
    pool.name = "kubernetes-mProject"
    pool.slots = 2
    let run = Sample.run(["HF_VAR_BACKOFF_LIMIT": "3"]).forWorkers(hasKey: true)
    let manifest = try JobManifest(worker(pool), Sample.full, in: full(run))
    #expect(manifest.name == "jobkubernetes-mproject-abc12345")
    let spec = manifest.json["spec"]
    #expect(spec?["backoffLimit"] == 0)
    let pod = spec?["template"]?["spec"]
    #expect(pod?["restartPolicy"] == "Never")
    let container = pod?["containers"]?.array?.first
    #expect(
      container?["args"]?.array?.first?.string
        == "hflow-job-execute --worker --pool hf1 --preemptible --queue kubernetes-mProject "
        + "--idle 30 --name kubernetes-mProject-abc12345 --slots 2 ||\n  exit 1\n")
    #expect(container?["image"] == "hyperflowwms/montage-workflow-worker")
    let variables = container?["env"]?.array?.compactMap { $0["name"]?.string } ?? []
    #expect(variables.suffix(2) == ["HFLOW_REDIS_URL", "HFLOW_SIGNING_KEY"])
    let labels = manifest.json["metadata"]?["labels"]
    #expect(labels?["hflow-tui/worker"] == "abc12345" && labels?["hflow-tui/job"] == nil)
    #expect(manifest.json["metadata"]?["annotations"] == nil)
    #expect(!manifest.json.text.contains("redis://"))
  }

  /// The run with the settings that `Sample.full` refers to.
  private func full(_ run: KubernetesRun) -> KubernetesRun {
    var run = run
    run.configuration["jobvars"] = ["ttl": 300, "claim": "nfs"]
    return run
  }

  @Test func `a worker that stays has no idle time`() {
    #expect(!worker(site, isPermanent: true).options.contains("--idle"))
    #expect(worker(site).options.contains("--idle"))
  }

  @Test func `an init container brings the executor, and nothing else changes`() throws {
    var settings = KubernetesSettings()
    settings.executorImage = "registry/executor:1"
    let plain = try JobManifest([Sample.task()], Sample.bagOfJobs, in: Sample.run())
    let brought = try JobManifest(
      [Sample.task()], Sample.bagOfJobs, in: Sample.run(settings: settings))
    let pod = brought.json["spec"]?["template"]?["spec"]
    #expect(
      pod?["initContainers"] == [
        [
          "name": "hflow-executor", "image": "registry/executor:1",
          "command": [
            "/bin/sh", "-c", "cp \"$(command -v hflow-job-execute)\" /hflow/hflow-job-execute",
          ],
          "volumeMounts": [["name": "hflow-executor", "mountPath": "/hflow"]],
        ]
      ])
    #expect(
      pod?["volumes"]?.array?.last == ["name": "hflow-executor", "emptyDir": .object(JSONObject())])
    let container = pod?["containers"]?.array?.first
    #expect(
      container?["volumeMounts"]?.array?.last
        == ["name": "hflow-executor", "mountPath": "/hflow"])
    #expect(
      container?["command"]?.array?.last?.string?.hasPrefix("/hflow/hflow-job-execute redis://")
        == true)
    // Without these, it is the same Job.
    let text = brought.json.text
      .replacing(
        #","initContainers":\#(pod?["initContainers"]?.text ?? "")"#, with: ""
      )
      .replacing(#",{"name":"hflow-executor","emptyDir":{}}"#, with: "")
      .replacing(#",{"name":"hflow-executor","mountPath":"/hflow"}"#, with: "")
      .replacing("/hflow/hflow-job-execute", with: "hflow-job-execute")
    #expect(text == plain.json.text)
  }

  // MARK: The ledger

  private func pod(_ phase: String, _ more: JSON = .object(JSONObject())) throws -> PodState {
    var status = more.object ?? JSONObject()
    status["phase"] = .string(phase)
    let labels: JSON = ["job-name": "jobx", "hflow-tui/worker": "t1"]
    return try #require(
      PodState([
        "kind": "Pod", "metadata": ["name": "jobx-1", "labels": labels],
        "status": .object(status),
      ]))
  }

  private func job(_ name: String) throws -> JobState {
    try #require(
      JobState([
        "kind": "Job",
        "metadata": ["name": .string(name), "labels": ["hflow-tui/worker": "t1"]],
      ]))
  }

  @Test func `a worker is pending, runs, and leaves`() throws {
    var ledger = KubernetesLedger(site: "s")
    let first = ledger.submitted("jobx", worker: "s-t1").allocation
    #expect(first == Allocation(site: "s", id: "jobx", state: .pending, worker: "s-t1"))
    #expect(ledger.withoutPods == ["jobx"])
    #expect(ledger.explain("jobx", "exceeded quota")?.allocation.reason == "exceeded quota")
    let waits: JSON = [
      "conditions": [
        ["type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "full"]
      ]
    ]
    #expect(
      ledger.observe(try pod("Pending", waits), now: 0)?.allocation.reason
        == "Unschedulable: full")
    #expect(ledger.observe(try pod("Pending", waits), now: 0) == nil)
    #expect(ledger.observe(try pod("Running"), now: 1000)?.allocation.state == .running)
    #expect(ledger.justStarted(now: 2000) == 1 && ledger.justStarted(now: 9000) == 0)
    let end = ledger.observe(try pod("Succeeded"), now: 9000)
    #expect(end?.allocation.state == .ended && end?.allocation.reason == "")
    #expect(end?.failure == nil && end?.isCertain == true)
    #expect(ledger.active.isEmpty)
    // The end is told once.
    #expect(ledger.observe(try pod("Succeeded"), isDeleted: true, now: 9000) == nil)
  }

  @Test func `an image that cannot be pulled is a worker that failed to start`() throws {
    var ledger = KubernetesLedger(site: "s")
    _ = ledger.submitted("jobx", worker: "s-t1")
    let waits: JSON = [
      "containerStatuses": [
        ["name": "a", "state": ["waiting": ["reason": "ImagePullBackOff", "message": "no"]]]
      ]
    ]
    let end = ledger.observe(try pod("Pending", waits), now: 0)
    #expect(end?.allocation.reason == "ImagePullBackOff: no")
    #expect(end?.failure == .init(runningSince: nil))
  }

  @Test func `a pod that is evicted or deleted may still run, and is no failure`() throws {
    let disrupted: JSON = ["reason": "Evicted", "message": "low on memory"]
    for isDeleted in [false, true] {
      var ledger = KubernetesLedger(site: "s")
      _ = ledger.submitted("jobx", worker: "s-t1")
      let end = ledger.observe(
        try pod("Failed", disrupted), isDeleted: isDeleted, now: 0)
      #expect(end?.allocation.state == .ended && end?.isCertain == false && end?.failure == nil)
      #expect(end?.allocation.reason.contains("Evicted: low on memory") == true)
    }
  }

  @Test func `a comparison finds unknown workers and those that are gone`() throws {
    var ledger = KubernetesLedger(site: "s")
    _ = ledger.submitted("gone", worker: "s-t0")
    _ = ledger.submitted("new", worker: "s-t2")
    // The third was made after Kubernetes was asked.
    let changes = ledger.compare(
      [try job("jobx")], [try pod("Running")], known: ["gone"], now: 0)
    #expect(
      changes.map(\.allocation) == [
        Allocation(site: "s", id: "jobx", state: .pending, worker: "s-t1"),
        Allocation(site: "s", id: "jobx", state: .running, worker: "s-t1"),
        Allocation(
          site: "s", id: "gone", state: .ended, reason: "its Job is gone", worker: "s-t0"),
      ])
    #expect(ledger.active == ["new", "jobx"])
  }

  @Test func `a former engine's workers of other sites are not its own`() {
    var ledger = KubernetesLedger(site: "s")
    ledger.restore(Allocation(site: "other", id: "a", state: .running, worker: "w"))
    ledger.restore(Allocation(site: "s", id: "b", state: .ended, worker: "w"))
    ledger.restore(Allocation(site: "s", id: "c", state: .running, worker: "w"))
    #expect(ledger.active == ["c"] && ledger.running == 1)
  }
}
