public import JSONValue

/// A Job as it is submitted.
public struct JobManifest: Sendable, Equatable {
  /// The Job's name.
  public let name: String
  public let json: JSON
  /// Whether Kubernetes starts another pod after one that has failed.
  public var startsFailedPodsAgain: Bool { (json["spec"]?["backoffLimit"]?.int ?? 6) > 0 }

  /// Fills the template, reads it, and adds what this program needs: labels, an annotation, the
  /// variables of the Secret, and the executor if the site brings it. Nothing else of the template
  /// is changed.
  public init(
    _ tasks: [KubernetesTask], _ template: JobTemplate, in run: KubernetesRun
  ) throws(SiteMistake) {
    let jobs = tasks.map(\.job)
    try self.init(
      JobVariables.all(of: tasks, in: run), template, in: run,
      label: (KubernetesLabels.job, KubernetesLabels.value(ofJob: jobs.first ?? "")), jobs: jobs)
  }

  /// A Job that runs a worker.
  public init(
    _ worker: KubernetesWorker, _ template: JobTemplate, in run: KubernetesRun
  ) throws(SiteMistake) {
    try self.init(
      JobVariables.all(of: worker, in: run), template, in: run,
      label: (KubernetesLabels.worker, worker.token), jobs: [])
  }

  private init(
    _ variables: [String: String], _ template: JobTemplate, in run: KubernetesRun,
    label: (name: String, value: String), jobs: [String]
  ) throws(SiteMistake) {
    let text = try template.filled(variables, hints: JobVariables.hints)
    let plain: JSON
    do throws(YAMLReader.Mistake) {
      plain = try YAMLReader.json(text)
    } catch {
      let line = error.line.map { ":\($0)" } ?? ""
      throw SiteMistake("\(template.place)\(line): not valid YAML: \(error.text)")
    }
    name = try Self.checkedName(of: plain, template.place)
    json = Self.completed(plain, label, jobs, run)
  }

  private static func checkedName(of json: JSON, _ place: String) throws(SiteMistake) -> String {
    guard json["kind"]?.string == "Job" else {
      throw SiteMistake("\(place): kind must be Job, found \(json["kind"]?.displayText ?? "none")")
    }
    guard let name = json["metadata"]?["name"]?.string, !name.isEmpty else {
      throw SiteMistake("\(place): metadata.name is missing; write: name: job${jobName}")
    }
    guard name.utf8.count <= 63 else {
      throw SiteMistake(
        "\(place): the name \(name) has \(name.utf8.count) characters, and a Job's has at most 63; "
          + "shorten what the template adds to ${jobName}")
    }
    let containers = json["spec"]?["template"]?["spec"]?["containers"]?.array ?? []
    guard !containers.isEmpty else {
      throw SiteMistake("\(place): spec.template.spec.containers is missing")
    }
    let policy = json["spec"]?["template"]?["spec"]?["restartPolicy"]?.string
    guard policy == "Never" || policy == "OnFailure" else {
      throw SiteMistake(
        "\(place): restartPolicy must be Never or OnFailure; write: ${restartPolicy}")
    }
    return name
  }

  private static func completed(
    _ plain: JSON, _ label: (name: String, value: String), _ jobs: [String], _ run: KubernetesRun
  ) -> JSON {
    var labels = JSONObject()
    labels[KubernetesLabels.run] = .string(run.run)
    labels[KubernetesLabels.site] = .string(run.site)
    labels[label.name] = .string(label.value)
    var json = plain
    json.merge(.object(labels), at: ["metadata", "labels"])
    if !jobs.isEmpty {
      json.merge(
        [KubernetesLabels.jobs: .string(jobs.joined(separator: " "))],
        at: ["metadata", "annotations"])
    }
    json.merge(.object(labels), at: ["spec", "template", "metadata", "labels"])
    if let image = run.settings.executorImage { json.addExecutor(from: image) }
    guard let secret = run.secret else { return json }
    let variables = run.secretKeys.map { KubernetesSecret.variable($0, of: secret) }
    json.change(["spec", "template", "spec", "containers"]) { containers in
      .array((containers?.array ?? []).map { $0.adding(variables, to: "env") })
    }
    return json
  }
}

/// The executor that an init container copies into a pod.
enum CopiedExecutor {
  static let directory = "/hflow"
  static let path = "/hflow/hflow-job-execute"
  /// The name of the volume and of the init container.
  static let name = "hflow-executor"
}

extension JSON {
  /// Changes the value at a path of keys; creates missing objects.
  fileprivate mutating func change(_ path: ArraySlice<String>, _ body: (JSON?) -> JSON) {
    guard let key = path.first else {
      self = body(self)
      return
    }
    var members = object ?? JSONObject()
    if path.count == 1 {
      members[key] = body(members[key])
    } else {
      var child = members[key] ?? .object(JSONObject())
      child.change(path.dropFirst(), body)
      members[key] = child
    }
    self = .object(members)
  }

  /// Adds members to the object at a path.
  fileprivate mutating func merge(_ more: JSON, at path: [String]) {
    change(path[...]) { old in
      var members = old?.object ?? JSONObject()
      for (key, value) in more.object?.members ?? [] { members[key] = value }
      return .object(members)
    }
  }

  /// The object with entries appended to one of its lists. Entries whose names the list has already
  /// are left out.
  fileprivate func adding(_ entries: [JSON], to list: String) -> JSON {
    var changed = self
    changed.change([list]) { old in
      let former = old?.array ?? []
      let names = former.compactMap { $0["name"]?.string }
      return .array(former + entries.filter { !names.contains($0["name"]?.string ?? "") })
    }
    return changed
  }

  /// Adds an init container that copies the executor from an image to where all containers see it.
  fileprivate mutating func addExecutor(from image: String) {
    let name = JSON.string(CopiedExecutor.name)
    let mount: JSON = ["name": name, "mountPath": .string(CopiedExecutor.directory)]
    let copy = "cp \"$(command -v hflow-job-execute)\" \(CopiedExecutor.path)"
    let copier: JSON = [
      "name": name, "image": .string(image), "command": ["/bin/sh", "-c", .string(copy)],
      "volumeMounts": [mount],
    ]
    change(["spec", "template", "spec"]) { old in
      (old ?? .object(JSONObject()))
        .adding([copier], to: "initContainers")
        .adding([["name": name, "emptyDir": .object(JSONObject())]], to: "volumes")
    }
    change(["spec", "template", "spec", "containers"]) { containers in
      .array((containers?.array ?? []).map { $0.adding([mount], to: "volumeMounts") })
    }
  }
}

/// The Secret of a run: values that executors need and nobody else may read.
enum KubernetesSecret {
  /// Keys of the Secret, and the executor's variables.
  static let redisURL = "HFLOW_REDIS_URL"
  static let signingKey = "HFLOW_SIGNING_KEY"

  static func name(run: String) -> String { "hflow-\(JobName.clean(run))" }

  /// The variable of a container.
  static func variable(_ key: String, of secret: String) -> JSON {
    [
      "name": .string(key),
      "valueFrom": ["secretKeyRef": ["name": .string(secret), "key": .string(key)]],
    ]
  }

  static func manifest(_ name: String, _ run: KubernetesRun, values: [(String, String)]) -> JSON {
    [
      "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
      "metadata": [
        "name": .string(name),
        "labels": .object(
          JSONObject([
            (KubernetesLabels.run, .string(run.run)), (KubernetesLabels.site, .string(run.site)),
          ])),
      ],
      "stringData": .object(JSONObject(values.map { ($0.0, .string($0.1)) })),
    ]
  }
}
