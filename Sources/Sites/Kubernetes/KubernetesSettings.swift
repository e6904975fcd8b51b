public import JSONValue
import Posix

/// The settings of a site on Kubernetes.
public struct KubernetesSettings: Sendable, Equatable {
  /// `nil`: `HF_VAR_NAMESPACE`, else `default`.
  public var namespace: String?
  /// A context of the kubeconfig; `nil` for the current one.
  public var context: String?
  /// The path of the kubeconfig; `nil` for kubectl's default.
  public var kubeconfig: String?
  /// The image of jobs that name none.
  public var image: String?
  /// The path of the Job's template, relative to the workflow's directory.
  public var template: String?
  /// The executor's path in the images; `nil` for `hflow-job-execute` in `PATH`.
  public var executor: String?
  /// An image with `hflow-job-execute`, which is copied from there into each pod, so that the
  /// images of jobs need not have it.
  public var executorImage: String?

  public init() {}

  /// Replaces defaults that depend on the environment by their values, so that a resumed run uses
  /// the same cluster, namespace and image.
  public mutating func settle(_ environment: (String) -> String?) async {
    func variable(_ name: String) -> String? {
      environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }
    image = variable("HF_VAR_WORKER_CONTAINER") ?? image
    namespace = namespace ?? variable("HF_VAR_NAMESPACE")
    template = template ?? variable("HF_VAR_JOB_TEMPLATE_PATH")
    if kubeconfig == nil, let path = variable("KUBECONFIG"), !path.contains(":") {
      kubeconfig = path.hasPrefix("/") ? path : Files.join(Files.currentDirectory, path)
    }
    if context == nil { context = await Kubectl.currentContext(kubeconfig: kubeconfig) }
  }

  static let keys = [
    "namespace", "context", "kubeconfig", "image", "template", "executor-image",
  ]

  public init(_ json: JSON?) {
    namespace = json?["namespace"]?.string
    context = json?["context"]?.string
    kubeconfig = json?["kubeconfig"]?.string
    image = json?["image"]?.string
    template = json?["template"]?.string
    executor = json?["executor"]?.string
    executorImage = json?["executor-image"]?.string
  }

  public var json: JSON {
    var members = JSONObject()
    members["namespace"] = namespace.map(JSON.string)
    members["context"] = context.map(JSON.string)
    members["kubeconfig"] = kubeconfig.map(JSON.string)
    members["image"] = image.map(JSON.string)
    members["template"] = template.map(JSON.string)
    members["executor"] = executor.map(JSON.string)
    members["executor-image"] = executorImage.map(JSON.string)
    return .object(members)
  }

  mutating func set(_ key: String, to text: String) {
    switch key {
    case "namespace": namespace = text
    case "context": context = text
    case "kubeconfig": kubeconfig = text
    case "image": image = text
    case "executor-image": executorImage = text
    default: template = text
    }
  }
}
