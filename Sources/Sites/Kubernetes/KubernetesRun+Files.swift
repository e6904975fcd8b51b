import JSONValue
import Posix

extension KubernetesRun {
  /// Reads the template of a partition's Jobs.
  public func template(partition: String?) throws(SiteMistake) -> JobTemplate {
    let given = templatePath(partition: partition)
    let path = given ?? standardTemplatePath
    if given == nil, !Files.exists(path) { return .standard }
    let bytes: [UInt8]
    do throws(PosixError) {
      bytes = try Files.readRegular(path)
    } catch {
      throw SiteMistake("the template of the Jobs cannot be read: \(error)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SiteMistake("\(path): not UTF-8 text")
    }
    return JobTemplate(place: path, text: text)
  }

  /// Names the Secret that executors of this run need.
  public mutating func setSecret(hasURL: Bool, hasKey: Bool) {
    secretKeys =
      (hasURL ? [KubernetesSecret.redisURL] : []) + (hasKey ? [KubernetesSecret.signingKey] : [])
    secret = secretKeys.isEmpty ? nil : KubernetesSecret.name(run: run)
  }

  /// The same run with a Secret for workers, which always need the URL.
  func forWorkers(hasKey: Bool) -> KubernetesRun {
    var copy = self
    copy.setSecret(hasURL: true, hasKey: hasKey)
    copy.secret = KubernetesSecret.name(run: "\(run)-\(site)")
    return copy
  }
}

extension Kubectl {
  /// Throws unless the user has all permissions in the namespace that a run needs.
  public func checkRights() async throws(SiteError) {
    for (verb, kind) in [("create", "jobs"), ("delete", "jobs"), ("watch", "pods")] {
      guard try await !mayDo(verb, kind) else { continue }
      throw SiteError(
        "you may not \(verb) \(kind) in namespace \(namespace); ask for a role as in "
          + "deploy/kubernetes/role.yaml")
    }
  }

  /// Creates the Secret of a run, if the run needs one.
  public func apply(
    secretOf run: KubernetesRun, redisURL: String?, signingKey: String?
  ) async throws(SiteError) {
    guard let name = run.secret else { return }
    let values = [
      (KubernetesSecret.redisURL, redisURL), (KubernetesSecret.signingKey, signingKey),
    ].compactMap { key, value in value.map { (key, $0) } }
    try await apply(secret: KubernetesSecret.manifest(name, run, values: values))
  }
}
