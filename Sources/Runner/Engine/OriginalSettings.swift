import JSONValue
import JobProtocol
import Workflow

/// Settings of HyperFlow and its executor that mean nothing in this run. Each is a notice that says
/// what does the same here.
struct OriginalSettings {
  let workflow: Workflow
  let configuration: JSONObject
  /// Whether jobs may be Jobs of Kubernetes, which most of these settings are for.
  var hasPods = false
  /// The value of an environment variable.
  let variable: (String) -> String?

  /// Variables and what to use instead.
  static let variables: [(name: String, advice: String)] = [
    ("HF_VAR_BACKOFF_LIMIT", "--retries N retries failed jobs"),
    ("HF_VAR_K8S_TEST", "--dry-run shows what would run"),
    ("HF_VAR_REDIS_CMD_WAIT_TIME_MS", "a job starts as soon as a slot is free"),
    ("HF_VAR_ENABLE_NETHOGS", "traces have the figures of network interfaces"),
    ("HF_VAR_REMOTE_CLUSTER", "--route 'TASKS=SITE' says which tasks run where"),
    ("HF_VAR_KUBE_CONFIG_PATH", "KUBECONFIG names the file"),
    ("HF_VAR_OT_PARENT_ID", Self.ownTrace), ("HF_VAR_OT_TRACE_ID", Self.ownTrace),
  ]

  /// What each job requests, as a worker must be able to read it.
  private static let requests:
    [(name: String, isReadable: @Sendable (JSON) -> Bool, form: String)] = [
      ("HF_VAR_CPU_REQUEST", { Quantity.cores($0) != nil }, JobResources.coresForm),
      ("HF_VAR_MEM_REQUEST", { Quantity.bytes($0) != nil }, JobResources.bytesForm),
    ]

  private static let podVariables: Set = ["HF_VAR_BACKOFF_LIMIT", "HF_VAR_K8S_TEST"]

  private static let ownTrace = "each run is a trace of its own"

  /// Configuration files and what to use instead.
  static let configurations: [(name: String, advice: String)] = [
    ("jobAgglomerations", "a worker takes many short jobs at a time by itself"),
    ("executionModels", "--on and --route say which tasks run where"),
  ]

  /// The keys of `config.executor` that have a meaning here, or are only for other functions of
  /// HyperFlow.
  static let executorKeys: Set = [
    "executable", "args", "stdout", "stderr", "stdoutAppend", "stderrAppend", "shell", "image",
    "container", "mounts", "input_dir", "work_dir", "output_dir", "cpus", "cpuRequest", "memory",
    "memRequest", "gpus", "env",
  ]

  var notices: [String] {
    var given: Set<String> = []
    var texts: [String] = []
    for (name, advice) in Self.variables where !(variable(name) ?? "").isEmpty {
      if hasPods, Self.podVariables.contains(name) { continue }
      if given.insert(advice).inserted { texts.append("\(name) has no effect here: \(advice)") }
    }
    if variable("HF_VAR_ENABLE_TRACING") == "1", OpenTelemetryEndpoint.url(variable) == nil {
      texts.append(
        "HF_VAR_ENABLE_TRACING=1 sends no spans: name a collector in OTEL_EXPORTER_OTLP_ENDPOINT")
    }
    for (name, isReadable, form) in Self.requests {
      if let value = variable(name), !value.isEmpty, !hasPods, !isReadable(.string(value)) {
        texts.append("\(name) has no effect here: it is not \(form)")
      }
    }
    // A site on Kubernetes has its own words about these files.
    for (name, advice) in Self.configurations where !hasPods && configuration[name] != nil {
      texts.append("workflow.config.\(name).json has no effect here: \(advice)")
    }
    return texts + [unknownKeys].compactMap(\.self)
  }

  /// How many unknown keys are named.
  private static let keyLimit = 5

  private var unknownKeys: String? {
    var counts: [String: Int] = [:]
    for process in workflow.processes {
      for key in process.executor?.keys.map(\.self) ?? [] {
        if Self.executorKeys.contains(key) || hasPods && key == "partition" { continue }
        counts[key, default: 0] += 1
      }
    }
    guard !counts.isEmpty else { return nil }
    let names = counts.keys.sorted()
    let shown = names.prefix(Self.keyLimit).joined(separator: ", ")
    let more = names.count > Self.keyLimit ? " and \(names.count - Self.keyLimit) more" : ""
    return "config.executor has keys that mean nothing here: \(shown)\(more); executors get them"
  }
}
