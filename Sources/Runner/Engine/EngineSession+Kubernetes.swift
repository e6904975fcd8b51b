public import JSONValue
import JobProtocol
import Posix
import Redis
public import Runs
import Sites
import Workflow

/// The sites of a run that make Jobs of Kubernetes.
extension EngineSession {
  var kubernetesSites: [SiteSettings] {
    settings.jobSites.filter { $0.infrastructure == .kubernetes }
  }

  /// The processes whose executors run in a pod: of their Job, or of a worker.
  var podProcesses: Set<ProcessID> {
    guard settings.invoker != .kubernetes else { return Set(workflow.processes.map(\.id)) }
    return Set(
      zip(workflow.processes, loaded.routing.queues).filter { process, queue in
        if let site = settings.jobSite(of: process, queue) {
          return settings.jobSites[site].infrastructure == .kubernetes
        }
        let serving = settings.sites.filter {
          !$0.runsJobs && loaded.routing.queue(of: $0.name) == queue
        }
        return !serving.isEmpty && serving.allSatisfy { $0.infrastructure == .kubernetes }
      }.map { $0.0.id })
  }

  /// What the pods of a site's workers are made from; `nil` if they are not in pods.
  func workerPods(_ plan: RunPlan, _ site: SiteSettings) -> WorkerPods? {
    guard site.infrastructure == .kubernetes, let url = networkPlace else { return nil }
    return WorkerPods(
      run: kubernetesRun(plan, site, url),
      example: loaded.example(of: site, run: plan.run, number: plan.workflowNumber))
  }

  func kubernetesInvokers(
    _ plan: RunPlan, _ lease: LeasedRedis, _ deliver: @escaping @Sendable (InvokerNews) -> Void
  ) throws(RunnerError) -> [any JobInvoker] {
    let sites = kubernetesSites
    guard !sites.isEmpty else { return [] }
    guard let url = networkPlace else {
      throw RunnerError(
        .infrastructure,
        "pods cannot reach the run's Redis; give --redis URL of one that they reach, or "
          + "--redis-listen with an address of this host")
    }
    let routes = invokerRoutes
    let first = firstJobSite + slurmJobSites.count
    var invokers: [any JobInvoker] = []
    for (index, site) in sites.enumerated() {
      let run = kubernetesRun(plan, site, url)
      let here = workflow.processes.filter {
        plan.runsAsJob($0.id) && (routes.isEmpty || routes[$0.id.number - 1] == first + index)
      }
      let agglomeration: Agglomeration
      do throws(SiteMistake) {
        agglomeration = try Agglomeration(loaded.configuration["jobAgglomerations"])
      } catch {
        throw RunnerError(.invalidWorkflow, "\(error)")
      }
      let all = workflow
      let examples = here.map {
        KubernetesTask(firstOf: $0.id, in: all, run: plan.run, number: plan.workflowNumber)
      }
      invokers.append(
        KubernetesInvoker(
          runID: plan.run, run: run, slots: site.slots,
          secrets: KubernetesSecrets(
            redisURL: url.fitsCommand ? nil : url.text, signingKey: signingText),
          agglomeration: agglomeration, examples: examples, signingKey: plan.signingKey,
          lease: lease, log: log, task: { KubernetesTask($0, in: all) }, deliver: deliver))
    }
    return invokers
  }

  private func kubernetesRun(
    _ plan: RunPlan, _ site: SiteSettings, _ url: RedisURL
  ) -> KubernetesRun {
    KubernetesRun(
      loaded, run: plan.run, number: plan.workflowNumber, directory: workDirectory.path,
      url: url, site: site)
  }
}

extension KubernetesRun {
  init(
    _ loaded: LoadedWorkflow, run: RunID, number: Int, directory: String, url: RedisURL,
    site: SiteSettings
  ) {
    var shown = url.withoutLogin
    shown.identity = nil
    self.init(
      run: run.text, workflowNumber: number, workflowName: loaded.workflow.name,
      directory: directory, redisURL: shown.text, configuration: loaded.configuration,
      settings: site.kubernetes, site: site.name, environment: { Environment[$0] })
  }
}

extension KubernetesTask {
  init(_ job: JobID, in workflow: Workflow) {
    let process = workflow[ProcessID(number: job.task.process)]
    self.init(
      job: "\(job)", name: process.name, process: job.task.process, firing: job.task.firing,
      executor: process.executor ?? JSONObject())
  }

  /// The first task of a process.
  init(firstOf process: ProcessID, in workflow: Workflow, run: RunID, number: Int) {
    let task = TaskID(run: run, workflow: number, process: process.number, firing: 1)
    self.init(JobID(task: task, attempt: 1), in: workflow)
  }
}

extension LoadedWorkflow {
  /// A task of those that the workers of a site are for. Without any that is routed there, one that
  /// asks for nothing.
  func example(of site: SiteSettings, run: RunID, number: Int) -> KubernetesTask {
    let index = routing.queues.firstIndex { $0 == site.name }
    guard let index else {
      return KubernetesTask(
        job: "", name: site.name, process: 1, firing: 1, executor: JSONObject())
    }
    return KubernetesTask(
      firstOf: workflow.processes[index].id, in: workflow, run: run, number: number)
  }
}

/// `HF_VAR_K8S_TEST=1`: the Jobs that a run would make, without making any.
public enum KubernetesPreview {
  /// The manifest of the first task of each process that has Jobs, in the order of the workflow,
  /// and of one worker of each pool.
  public static func manifests(_ settings: RunSettings) throws(RunnerError) -> [JSON] {
    let loaded = try LoadedWorkflow(reading: settings)
    var manifests: [JSON] = []
    do {
      let address = settings.redisListen.map { "redis://\($0)" }
      let url = try RedisURL(parsing: settings.redisURL ?? address ?? "redis://localhost")
      let placed = loaded.settings
      for site in placed.sites where site.infrastructure == .kubernetes {
        var run = KubernetesRun(
          loaded, run: settings.run, number: 1,
          directory: Files.parent(of: settings.workflowPath), url: url, site: site)
        run.setSecret(
          hasURL: settings.redisURL == nil || !url.fitsCommand,
          hasKey: settings.redisURL == nil || settings.signingKeyFile != nil)
        guard site.runsJobs else {
          manifests.append(try workerManifest(loaded, site, run))
          continue
        }
        for process in loaded.workflow.processes where loaded.functions.runsAsJob(process) {
          let queue = loaded.routing.queues[process.id.number - 1]
          let place = placed.jobSite(of: process, queue)
          guard place.map({ placed.jobSites[$0].name }) == site.name else { continue }
          let task = KubernetesTask(
            firstOf: process.id, in: loaded.workflow, run: settings.run, number: 1)
          let template = try run.template(partition: task.partition)
          manifests.append(try JobManifest([task], template, in: run).json)
        }
      }
    } catch {
      throw RunnerError(.invalidWorkflow, "\(error)")
    }
    return manifests
  }

  private static func workerManifest(
    _ loaded: LoadedWorkflow, _ site: SiteSettings, _ run: KubernetesRun
  ) throws(SiteMistake) -> JSON {
    let example = loaded.example(of: site, run: loaded.settings.run, number: 1)
    let worker = KubernetesWorker(
      site, run: run.run, queue: loaded.routing.queue(of: site.name), example, token: "preview",
      isPermanent: false)
    return try JobManifest(worker, try run.template(partition: example.partition), in: run).json
  }
}
