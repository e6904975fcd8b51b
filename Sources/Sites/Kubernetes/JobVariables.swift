import JSONValue
import ShellText

/// The values of a template's variables.
///
/// | variable | value |
/// |---|---|
/// | `command` | `hflow-job-execute <redis_url> -a -- "<taskId>" …` |
/// | `containerName` | `executor.image`, else `HF_VAR_WORKER_CONTAINER`, else the site's `image` |
/// | `jobName` | see `JobName` |
/// | `volumePath` | `/work_dir` |
/// | `workingDirPath` | the directory of the run's jobs |
/// | `cpuRequest` | `executor.cpuRequest`, else `HF_VAR_CPU_REQUEST`, else `0.5` |
/// | `memRequest` | `executor.memRequest`, else `HF_VAR_MEM_REQUEST`, else `50Mi` |
/// | `backoffLimit` | `HF_VAR_BACKOFF_LIMIT`, else `0` |
/// | `restartPolicy` | `OnFailure` if `backoffLimit` is above 0, else `Never` |
/// | `experimentId` | `hfId:appId` |
/// | `workflowName`, `taskName`, `appId` | of the workflow, the process, the workflow's number |
/// | any key of `jobvars`, `jobvars<partition>` | its value; overrides the others |
///
/// As in HyperFlow, the first task of a group decides.
enum JobVariables {
  static func all(of tasks: [KubernetesTask], in run: KubernetesRun) -> [String: String] {
    guard let first = tasks.first else { return [:] }
    let limit = run.variable("HF_VAR_BACKOFF_LIMIT") ?? "0"
    var all = [
      "command": command(tasks.map(\.job), run),
      "jobName": JobName.text(
        process: first.name, number: first.process, firing: first.firing, jobs: tasks.map(\.job)),
      "volumePath": "/work_dir", "workingDirPath": run.directory,
      "cpuRequest": value("cpuRequest", of: first) ?? run.variable("HF_VAR_CPU_REQUEST") ?? "0.5",
      "memRequest": value("memRequest", of: first) ?? run.variable("HF_VAR_MEM_REQUEST") ?? "50Mi",
      "backoffLimit": limit,
      "restartPolicy": (Int(limit) ?? 0) > 0 ? "OnFailure" : "Never",
      "experimentId": "\(run.run):\(run.workflowNumber)", "workflowName": run.workflowName,
      "taskName": first.name, "appId": "\(run.workflowNumber)",
    ]
    all["containerName"] =
      value("image", of: first) ?? run.variable("HF_VAR_WORKER_CONTAINER") ?? run.settings.image
    for (key, value) in run.jobVariables(partition: first.partition).members {
      all[key] = value.displayText
    }
    return all
  }

  static let hints = [
    "containerName":
      "give the image of the jobs with HF_VAR_WORKER_CONTAINER, config.executor.image, or image "
      + "of the site"
  ]

  /// The values for a Job that runs a worker. A worker that has ended is replaced by another Job,
  /// so Kubernetes must not restart its pod.
  static func all(of worker: KubernetesWorker, in run: KubernetesRun) -> [String: String] {
    var all = all(of: [worker.example], in: run)
    all["command"] = "\(program(run)) \(worker.options.joined(separator: " "))"
    all["jobName"] = worker.jobName
    all["backoffLimit"] = "0"
    all["restartPolicy"] = "Never"
    return all
  }

  private static func program(_ run: KubernetesRun) -> String {
    run.settings.executor
      ?? (run.settings.executorImage == nil ? "hflow-job-execute" : CopiedExecutor.path)
  }

  /// Without a password, the command is that of HyperFlow. With one, the executor takes the URL
  /// from its environment, which a Secret fills: everybody can read command lines and manifests.
  private static func command(_ jobs: [String], _ run: KubernetesRun) -> String {
    let url = run.secretKeys.contains(KubernetesSecret.redisURL) ? "-" : run.redisURL
    return "\(program(run)) \(url) -a -- " + jobs.map { "\"\($0)\"" }.joined(separator: " ")
  }

  /// A value of `config.executor`; empty and 0 count as missing, as in JavaScript.
  private static func value(_ key: String, of task: KubernetesTask) -> String? {
    guard let value = task.executor[key], value != .null, value != false, value != .int(0) else {
      return nil
    }
    let text = value.displayText
    return text.isEmpty ? nil : text
  }
}
