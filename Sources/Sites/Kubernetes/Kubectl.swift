import Glibc
import JSONValue
import JobProtocol
import Posix

/// Calls kubectl for one namespace of a cluster. All access to Kubernetes goes through kubectl,
/// which knows the user's contexts, credentials and proxies.
public struct Kubectl: Sendable {
  let place: KubernetesPlace
  /// The id of the run, for the labels of its objects.
  let run: String
  let site: String

  /// When a call of kubectl is ended. Longer than `requestLimit`, after which kubectl gives up.
  private static let timeoutMilliseconds = 60_000
  /// Seconds after which one request ends.
  private static let requestLimit = 30

  public init(_ place: KubernetesPlace, run: KubernetesRun) {
    self.place = place
    self.run = run.run
    site = run.site
  }

  /// Labels of everything that the site has made for the run.
  private var selector: String {
    "\(KubernetesLabels.run)=\(run),\(KubernetesLabels.site)=\(site)"
  }

  private func command(_ arguments: [String], limit: Int = requestLimit) -> [String] {
    var all = ["kubectl"]
    if let kubeconfig = place.kubeconfig { all.append("--kubeconfig=\(kubeconfig)") }
    if let context = place.context { all.append("--context=\(context)") }
    return all + ["--namespace=\(place.namespace)", "--request-timeout=\(limit)s"] + arguments
  }

  /// The name of kubectl's context; `nil` in a pod, which has no kubeconfig.
  static func currentContext(kubeconfig: String?) async -> String? {
    let file = kubeconfig.map { ["--kubeconfig=\($0)"] } ?? []
    let result = await Tool.run(
      ["kubectl"] + file + ["config", "current-context"], milliseconds: 10_000)
    let name = result.output.filter { !$0.isNewline }
    return result.isSuccess && !name.isEmpty ? name : nil
  }

  /// The beginning of the commands that messages suggest to users.
  public var shownCommand: String { "kubectl -n \(place.namespace)" }
  public var namespace: String { place.namespace }

  func call(_ arguments: [String], input: String = "") async -> Tool.Result {
    await Tool.run(
      command(arguments), input: input, environment: Self.environment(Environment.all),
      milliseconds: Self.timeoutMilliseconds)
  }

  /// The environment without the secrets of the run.
  private static func environment(_ all: [String: String]) -> [String: String] {
    all.filter { !["HFLOW_REDIS_URL", "HFLOW_SIGNING_KEY", "REDIS_URL"].contains($0.key) }
  }

  private func error(_ result: Tool.Result) -> SiteError {
    if result.status == .exited(127) {
      return SiteError("kubectl is not there; install it, or run this where it is")
    }
    let text = result.isLate ? "no answer" : result.errorText
    return SiteError("kubectl: \(KubectlError(text).text)")
  }

  private func output(_ arguments: [String], input: String = "") async throws(SiteError) -> String {
    let result = await call(arguments, input: input)
    guard result.isSuccess else { throw error(result) }
    return result.output
  }

  // MARK: Creating

  /// Creates Jobs with one call. Returns the error of each Job that was not created.
  public func create(_ jobs: [JobManifest]) async -> [String: KubectlError] {
    // Unknown keys of a template are accepted, as HyperFlow does.
    let result = await call(
      ["create", "--validate=warn", "-f", "-", "-o", "name"],
      input: jobs.map { $0.json.text + "\n" }.joined())
    if result.status == .exited(127) {
      let refusal = KubectlError.refused(error(result).lines.joined())
      return Dictionary(jobs.map { ($0.name, refusal) }) { first, _ in first }
    }
    return CreationResult(
      names: jobs.map(\.name), output: result.output, errors: result.errors, isLate: result.isLate
    ).failures
  }

  /// Creates the run's Secret, or replaces it: a resumed run may have another address.
  func apply(secret: JSON) async throws(SiteError) {
    let result = await call(["create", "-f", "-", "-o", "name"], input: secret.text)
    if result.isSuccess { return }
    guard KubectlError(result.errors) == .exists else { throw error(result) }
    _ = try await output(["replace", "-f", "-", "-o", "name"], input: secret.text)
  }

  // MARK: Reading

  public func jobs() async throws(SiteError) -> [JobState] {
    try await items(of: "jobs").compactMap(JobState.init)
  }

  public func pods() async throws(SiteError) -> [PodState] {
    try await items(of: "pods").compactMap(PodState.init)
  }

  /// One Job; `nil` if it does not exist or kubectl fails.
  public func job(_ name: String) async -> JobState? {
    let output = try? await output(["get", "job", name, "-o", "json"])
    return output.flatMap { try? JSON(parsing: $0) }.flatMap(JobState.init)
  }

  private func items(of kind: String) async throws(SiteError) -> [JSON] {
    let output = try await output(["get", kind, "-l", selector, "-o", "json"])
    guard let json = try? JSON(parsing: output) else {
      throw SiteError("kubectl get \(kind): not valid JSON")
    }
    return json["items"]?.array ?? []
  }

  /// The last line of a pod's log; `nil` if the log is empty.
  public func lastLine(ofPod name: String) async -> String? {
    let output = (try? await output(["logs", name, "--all-containers", "--tail=5"])) ?? ""
    let lines = output.split(whereSeparator: \.isNewline)
    return lines.last { $0.contains(where: \.isLetter) }.map { PodState.line(String($0)) }
  }

  /// Why pods of Jobs could not be made, by the Job's name.
  public func failedCreations() async -> [String: String] {
    let output = try? await output([
      "get", "events", "--field-selector=reason=FailedCreate,involvedObject.kind=Job", "-o", "json",
    ])
    let items = output.flatMap { try? JSON(parsing: $0) }?["items"]?.array ?? []
    var reasons: [String: String] = [:]
    for item in items {
      guard let name = item["involvedObject"]?["name"]?.string else { continue }
      reasons[name] = PodState.line(item["message"]?.string)
    }
    return reasons
  }

  // MARK: Deleting

  /// Deletes Jobs with their pods; those that do not exist are no failure.
  public func delete(_ jobs: [String]) async throws(SiteError) {
    guard !jobs.isEmpty else { return }
    _ = try await output(
      ["delete", "jobs", "--ignore-not-found", "--wait=false", "--cascade=background"] + jobs)
  }

  /// Deletes everything of the run, with one request for each kind. Where that is not permitted
  /// (`deletecollection`), one by one.
  public func deleteAll() async throws(SiteError) {
    let query = "labelSelector=\(selector)&propagationPolicy=Background"
      .replacing("/run=", with: "%2Frun%3D").replacing("/site=", with: "%2Fsite%3D")
      .replacing(",", with: "%2C")
    for (path, kind) in [("apis/batch/v1", "jobs"), ("api/v1", "secrets")] {
      let place = "/\(path)/namespaces/\(place.namespace)/\(kind)?\(query)"
      let result = await call(["delete", "--raw", place])
      if result.isSuccess || result.status == .exited(127) { continue }
      _ = try await output([
        "delete", kind, "-l", selector, "--ignore-not-found", "--wait=false",
        "--cascade=background",
      ])
    }
  }

  // MARK: Checking

  /// The version of the server. Throws if it does not answer.
  func version() async throws(SiteError) -> String {
    let output = try await output(["version", "-o", "json"])
    let version = (try? JSON(parsing: output))?["serverVersion"]?["gitVersion"]?.string
    guard let version else { throw SiteError("kubectl version: the server did not answer") }
    return version
  }

  func mayDo(_ verb: String, _ kind: String) async throws(SiteError) -> Bool {
    let result = await call(["auth", "can-i", verb, kind])
    switch result.output.split(whereSeparator: \.isWhitespace).first {
    case "yes": return true
    case "no": return false
    default: throw error(result)
    }
  }

  func namespaceExists() async throws(SiteError) -> Bool {
    let result = await call(["get", "namespace", place.namespace, "-o", "name"])
    if result.isSuccess { return true }
    if result.errors.contains("(NotFound)") { return false }
    throw error(result)
  }

  // MARK: Watching

  /// How long one watch lasts, in seconds. A connection that died silently is noticed at its end,
  /// and a watch that a killed engine has left ends then.
  private static let watchLimit = 240

  /// The command that watches all pods of the run.
  var watchCommand: [String] {
    command(
      ["get", "pods", "-l", selector, "--watch", "--output-watch-events", "-o", "json"],
      limit: Self.watchLimit)
  }

  public enum PodEvent: Sendable, Equatable {
    case changed(PodState)
    case deleted(PodState)

    init?(_ json: JSON) {
      guard let pod = json["object"].flatMap(PodState.init) else { return nil }
      self = json["type"]?.string == "DELETED" ? .deleted(pod) : .changed(pod)
    }
  }

  /// Follows all pods of the run. The stream begins with those that exist, and ends with the
  /// watch: after some minutes, or when the server ends it.
  public func watch() -> AsyncStream<PodEvent> {
    let command = watchCommand
    let environment = Self.environment(Environment.all)
    return AsyncStream { continuation in
      let stream = ToolStream(command, environment: environment)
      continuation.onTermination = { _ in stream.stop() }
      stream.start { lines in
        for event in lines.compactMap(PodEvent.init) { continuation.yield(event) }
      } ended: {
        continuation.finish()
      }
    }
  }
}
