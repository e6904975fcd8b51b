public import JSONValue

/// What a site on Kubernetes needs to know besides its name.
public struct KubernetesSettings: Sendable, Equatable {
  /// `nil`: `HF_VAR_NAMESPACE`, else `default`.
  public var namespace: String?
  /// A context of the kubeconfig; `nil` for the current one.
  public var context: String?
  /// The path of the kubeconfig; `nil` for what kubectl uses by itself.
  public var kubeconfig: String?
  /// The image of jobs that name none.
  public var image: String?
  /// The path of the Job's template, relative to the workflow's directory.
  public var template: String?
  /// The executor's path in the images; `nil` for `hflow-job-execute` in `PATH`.
  public var executor: String?

  public init() {}

  static let keys = ["namespace", "context", "kubeconfig", "image", "template"]

  public init(_ json: JSON?) {
    namespace = json?["namespace"]?.string
    context = json?["context"]?.string
    kubeconfig = json?["kubeconfig"]?.string
    image = json?["image"]?.string
    template = json?["template"]?.string
    executor = json?["executor"]?.string
  }

  public var json: JSON {
    var members = JSONObject()
    members["namespace"] = namespace.map(JSON.string)
    members["context"] = context.map(JSON.string)
    members["kubeconfig"] = kubeconfig.map(JSON.string)
    members["image"] = image.map(JSON.string)
    members["template"] = template.map(JSON.string)
    members["executor"] = executor.map(JSON.string)
    return .object(members)
  }

  mutating func set(_ key: String, to text: String) {
    switch key {
    case "namespace": namespace = text
    case "context": context = text
    case "kubeconfig": kubeconfig = text
    case "image": image = text
    default: template = text
    }
  }
}
