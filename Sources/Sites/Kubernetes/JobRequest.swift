public import JSONValue

/// A task that is to run as a Job, or as part of one.
public struct KubernetesTask: Sendable, Equatable {
  /// The job's id.
  public var job: String
  /// The process's name.
  public var name: String
  /// The process's number, and its firing, both from 1.
  public var process: Int
  public var firing: Int
  /// `config.executor` of the process.
  public var executor: JSONObject

  public init(job: String, name: String, process: Int, firing: Int, executor: JSONObject) {
    self.job = job
    self.name = name
    self.process = process
    self.firing = firing
    self.executor = executor
  }

  /// `config.executor.partition`: the partition of the task, which selects one of several clusters.
  public var partition: String? {
    executor["partition"].map(\.displayText).flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// Data that all Jobs of a run share.
public struct KubernetesRun: Sendable {
  public var run: String
  public var workflowNumber: Int
  public var workflowName: String
  public var directory: String
  /// Has no password.
  public var redisURL: String
  /// The members of `workflow.config.json` and the files beside it.
  public var configuration: JSONObject
  public var settings: KubernetesSettings
  public var site: String
  /// The name of the Secret with the values that must not be in a manifest; `nil` if there are
  /// none.
  public var secret: String?
  /// The keys of the Secret.
  public var secretKeys: [String] = []
  /// `HF_VAR_…`.
  public var environment: @Sendable (String) -> String?

  public init(
    run: String, workflowNumber: Int, workflowName: String, directory: String, redisURL: String,
    configuration: JSONObject, settings: KubernetesSettings, site: String,
    environment: @escaping @Sendable (String) -> String?
  ) {
    self.run = run
    self.workflowNumber = workflowNumber
    self.workflowName = workflowName
    self.directory = directory
    self.redisURL = redisURL
    self.configuration = configuration
    self.settings = settings
    self.site = site
    self.environment = environment
  }

  /// A variable that is set and not empty.
  func variable(_ name: String) -> String? {
    environment(name).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// `workflow.config.jobvars.json`, with what `jobvars<partition>` overrides.
  func jobVariables(partition: String?) -> JSONObject {
    var all = configuration["jobvars"]?.object ?? JSONObject()
    if let partition {
      for (key, value) in configuration["jobvars\(partition)"]?.object?.members ?? [] {
        all[key] = value
      }
    }
    return all
  }

  func namespace(partition: String? = nil) -> String {
    jobVariables(partition: partition)["k8sNamespace"]?.string ?? settings.namespace
      ?? variable("HF_VAR_NAMESPACE") ?? "default"
  }

  /// The cluster and namespace of a partition's Jobs.
  public func place(partition: String?) -> KubernetesPlace {
    let own = jobVariables(partition: partition)["kubeConfigPath"]?.string
    return KubernetesPlace(
      kubeconfig: (own ?? settings.kubeconfig).map(absolute), context: settings.context,
      namespace: namespace(partition: partition))
  }

  /// The path of the template; `nil` if no setting names one.
  func templatePath(partition: String?) -> String? {
    let given =
      jobVariables(partition: partition)["jobTemplatePath"]?.string ?? settings.template
      ?? variable("HF_VAR_JOB_TEMPLATE_PATH")
    return given.map(absolute)
  }

  /// The template's path if none is named, and the file exists.
  var standardTemplatePath: String { absolute("job-template.yaml") }

  private func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(directory)/\(path)"
  }

  /// The places that Jobs of this run may go to.
  public func places(partitions: some Sequence<String?>) -> [KubernetesPlace] {
    var places: [KubernetesPlace] = []
    for partition in partitions {
      let place = place(partition: partition)
      if !places.contains(place) { places.append(place) }
    }
    return places
  }
}

/// A namespace of a cluster.
public struct KubernetesPlace: Sendable, Hashable {
  public var kubeconfig: String?
  public var context: String?
  public var namespace: String
}
